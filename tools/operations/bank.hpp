// Posts the incoming payments of kept statements to the accounts they name. Sets the references by which payers name
// accounts.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/external_line.hpp"
#include "tools/operations/context.hpp"
#include "tools/operations/typed_payments.hpp"

namespace operations {

enum class Posting : std::uint8_t {
  posted,          // to the account it names
  unidentified,    // to suspense, with a case: nobody or several are named
  other_currency,  // to suspense, with a case: the account is in another currency
  closed,          // to suspense, with a case: the account is closed
  repeated,        // posted before: nothing was done
  outgoing,        // money that went out is never posted by itself
  future,          // booked after now
  refused,         // by a rule, see detail
  bound,           // it is a pay-in that a person typed: nothing was posted
  several,         // it may be one of several such pay-ins: nothing was posted, a case asks
};
std::string_view to_word(Posting posting);

struct PostedLine {
  engine::ExternalLine line;
  Posting posting;
  std::string account{};  // where one is named
  std::string detail{};   // the word that named it, or why not
};
struct PostingReport {
  std::vector<PostedLine> lines;  // as imported
  std::int64_t count(Posting posting) const;
};
// Kept lines of one source (tools/operations/statements.hpp), in chunks of a commit each; every line is one request of
// sender "bank:SOURCE" with the line's id as key, so a repeat posts nothing and no line is half posted. A line booked
// in a closed period is posted now, and its memo says when it was booked.
PostingReport post_payments(const Context& context, const std::string& source, std::vector<engine::ExternalLine> lines,
                            const std::function<void(std::size_t done)>& progress);
// A person's decision about a line that fits several pay-ins typed by hand: it is the one of that transfer. Closes the
// case that asked. source_not_found, transfer_not_found, already_reversed, invalid_argument where the line is posted or
// the transfer is no pay-in of its amount.
engine::Result<Reply> bind_line(const Context& context, const RequestKey& request, const std::string& source,
                                const std::string& line, engine::TransferId transfer);

// A word by which payers name the account. reference_taken, invalid_argument.
engine::Result<Reply> give_reference(const Context& context, const RequestKey& request, const std::string& account,
                                     const std::string& reference);
engine::Result<Reply> drop_reference(const Context& context, const RequestKey& request, const std::string& account,
                                     const std::string& reference);

}  // namespace operations
