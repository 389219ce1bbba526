// Placing, cancelling, and a person's decisions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/placing.hpp"
#include "engine/provider.hpp"
#include "engine/settlement.hpp"
#include "tools/operations/context.hpp"

namespace operations {

// Facts: backorder, account, domain, state, already_open (yes|no), quoted, max_price, deposit_due, deadline, drop_at,
// deposit. A request without a key derives one from account, name and copy only when it is placed through an import or
// the wire.
engine::Result<Reply> place(const Context& context, const RequestKey& request, const std::string& account,
                            const engine::PlaceOrder& order);

// The same inside a unit of work of the caller's, as customers' software asks for it, which repeats what it got no
// answer to: an open backorder is answered again, with nothing written. A new one's request id derives from name, copy
// and drop and from how many were placed before, or is `id` where the customer gave one, and then `order.another` is
// repeated without harm as well. Facts as above.
engine::Result<Reply> place_once(const Context& context, const engine::Customer& customer,
                                 const engine::PlaceOrder& order, const std::string& id);

struct ImportRow {
  std::uint64_t line;
  std::string account;
  std::string domain;
  std::string max_price{};  // text in the account's currency; empty: the quote
  std::string priority{};
  std::string allow_duplicate{};  // "1", "yes", "true"
};
struct ImportedBackorder {
  bool already_open;  // before this import, or placed by the same line of the same file
  std::string id, state{};
};
// One unit of work. Without keep_going a single refused line leaves nothing placed; every row has its result, in the
// rows' order. Request keys derive from `batch` (the file's content hash) and the line, so that the same file twice
// places nothing twice. REQUIRES: no line twice.
std::vector<engine::Result<ImportedBackorder>> import_backorders(const Context& context, const std::string& sender,
                                                                 const std::string& batch,
                                                                 const std::vector<ImportRow>& rows, bool keep_going,
                                                                 const std::function<void(std::size_t)>& progress,
                                                                 bool& kept);

// Cancels, by the customer or the operator. With a job at the provider it is deleted there first; `provider` may be
// null (then the next sweep does it). Facts: backorder, state, deletion
// (confirmed|refused|unknown|not_needed|by_next_sweep), refunded.
engine::Result<Reply> cancel(const Context& context, const RequestKey& request, std::int64_t backorder, engine::By by,
                             const std::string& why, engine::BackorderProvider* provider);

// Several requests of one command, each with its own answer in their order. One unit of work: where one is refused,
// none is kept. The keys of the requests are that of the command, ":" and the place from 1; one request has the
// command's.
struct Answers {
  std::vector<engine::Result<Reply>> replies{};
  bool kept = false;
};
Answers place_all(const Context& context, const RequestKey& request, const std::string& account,
                  const std::vector<engine::PlaceOrder>& orders);
// Jobs at the provider are deleted afterwards, when all cancellations are kept; a deletion that is refused there is the
// answer of its backorder, and takes nothing back from the others.
Answers cancel_all(const Context& context, const RequestKey& request, const std::vector<std::int64_t>& backorders,
                   engine::By by, const std::string& why, engine::BackorderProvider* provider);

// Closes a case by a person's decision; asks the provider where the decision needs proof of absence. Facts: case, kind,
// decision, backorder, state.
engine::Result<Reply> resolve(const Context& context, const RequestKey& request, std::int64_t case_id,
                              engine::Resolution resolution, const std::string& why,
                              const std::optional<engine::Money>& amount, engine::BackorderProvider* provider);

}  // namespace operations
