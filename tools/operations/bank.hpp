// Statements of banks and payment services: keeps them verbatim, and posts incoming payments to the accounts they name.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/external_line.hpp"
#include "tools/operations/context.hpp"

namespace operations {

struct LineConflict {
  std::size_t line;  // index into the lines given
  std::string why;   // how it differs from the line that is kept under this id
};
struct StatementReport {
  std::int64_t statement = 0;  // 0: nothing was new, nothing was kept
  std::int64_t added = 0, known = 0;
  std::vector<LineConflict> conflicts{};  // not kept
};
// One unit of work. Lines whose id is known are compared with what is kept; they change nothing. `statement` names the
// source; the lines take it over.
StatementReport import_statement(const Context& context, const engine::ExternalStatement& statement,
                                 std::vector<engine::ExternalLine> lines);

enum class Posting : std::uint8_t {
  posted,          // to the account it names
  unidentified,    // to suspense, with a case: nobody or several are named
  other_currency,  // to suspense, with a case: the account is in another currency
  closed,          // to suspense, with a case: the account is closed
  repeated,        // posted before: nothing was done
  outgoing,        // money that went out is never posted by itself
  future,          // booked after now
  refused,         // by a rule, see detail
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
// Lines of one source, in chunks of a commit each; every line is one request of sender "bank:SOURCE" with the line's id
// as key, so a repeat posts nothing and no line is half posted. A line booked in a closed period is posted now, and its
// memo says when it was booked.
PostingReport post_payments(const Context& context, const std::string& source, std::vector<engine::ExternalLine> lines,
                            const std::function<void(std::size_t done)>& progress);
// Sender of the requests that post a source's lines.
std::string bank_sender(std::string_view source);

// A word by which payers name the account. reference_taken, invalid_argument.
engine::Result<Reply> give_reference(const Context& context, const RequestKey& request, const std::string& account,
                                     const std::string& reference);
engine::Result<Reply> drop_reference(const Context& context, const RequestKey& request, const std::string& account,
                                     const std::string& reference);

}  // namespace operations
