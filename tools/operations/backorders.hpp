// Placing and cancelling backorders, and deciding cases.
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

// Places for customers' software, inside a unit of work of the caller. Such software repeats requests whose answer it
// did not get: an open backorder is returned again and nothing is written. The request id of a new one is `id`, or
// derives from name, sequence, drop and the number of earlier placements. With an `id` even `order.allow_duplicate` can
// be repeated safely. Facts as above.
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
// Places all rows in one unit of work and returns a result per row, in order. Without keep_going one refused line
// leaves nothing placed. Request keys derive from `batch` (the hash of the file) and the line, so importing a file
// twice places nothing twice. REQUIRES: no line number twice.
std::vector<engine::Result<ImportedBackorder>> import_backorders(const Context& context, const std::string& sender,
                                                                 const std::string& batch,
                                                                 const std::vector<ImportRow>& rows, bool keep_going,
                                                                 const std::function<void(std::size_t)>& progress,
                                                                 bool& kept);

// Cancels for the customer or the operator. A job is deleted at the provider first; if `provider` is null the next
// sweep deletes it. Facts: backorder, state, deletion (confirmed|refused|unknown|not_needed|by_next_sweep), refunded.
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

// Closes a case by a person's decision. Asks the provider if the decision needs proof that the job is absent. Facts:
// case, kind, decision, backorder, state.
engine::Result<Reply> resolve(const Context& context, const RequestKey& request, std::int64_t case_id,
                              engine::Resolution resolution, const std::string& why,
                              const std::optional<engine::Money>& amount, engine::BackorderProvider* provider);

}  // namespace operations
