// A response of the provider's protocol, both ways: parsed by a client, formatted by a server. Pure text.
//
//   [RESPONSE]
//   PROPERTY[APPLICATION][0]=40219
//   DESCRIPTION=Command completed successfully
//   CODE=200
//
//   QUEUETIME=0
//   RUNTIME=0.004
//
//   EOF
//
// Grammar and codes: protocol.md. For money a body is trusted only when it is complete: it has CODE and DESCRIPTION,
// ends in EOF, and a list's columns are as long as its COUNT says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace api_client {

// By the first digit of the code: 2, 4, 5; anything else is unknown.
enum class ResponseClass : std::uint8_t { success, temporary, permanent, unknown };
std::string_view to_word(ResponseClass response_class);
ResponseClass class_of_code(int code);

// The text of a code in the provider's table; empty for codes it does not list.
std::string_view text_of_code(int code);

// FIRST, LAST, COUNT, TOTAL, LIMIT of a list, where given and readable.
struct Paging {
  std::optional<std::int64_t> first{}, last{}, count{}, total{}, limit{};
};

// A parsed body. Owns its text; names and values are views of it and live as long as the response (moving it keeps them
// valid).
class Response {
 public:
  struct Property {
    std::string_view name;  // upper case, all blanks removed
    std::vector<std::string_view> values;
  };

  // Never fails: what cannot be understood is `torn()` with the reason. Lines without `=` are passed over; a top-level
  // name given twice counts as given last; rows of a property are kept in the order in which they appear; a property
  // named CODE or DESCRIPTION is data. Torn: nothing; no EOF, or text behind it; CODE or DESCRIPTION missing, empty or
  // no number; a property that cannot be read; rows whose numbers are not 0, 1, 2 … (vendor's clients read those
  // differently); a COUNT that is no number; with a COUNT, a column of another length: every property but the paging
  // numbers, COLUMN and accounting's sums is a column, or, where COLUMN names the columns, those and every property of
  // more than one row.
  static Response parse(std::string body);

  int code() const { return code_; }  // 0 where there is none
  std::string_view description() const { return description_; }
  ResponseClass response_class() const { return complete() ? class_of_code(code_) : ResponseClass::unknown; }
  bool pending() const { return pending_; }
  // Why the body must not be trusted; empty: it is complete.
  std::string_view torn() const { return torn_; }
  bool complete() const { return torn_.empty(); }

  std::span<const Property> properties() const { return properties_; }  // in the order of first appearance
  // `property` as properties() has it: upper case without blanks.
  std::span<const std::string_view> values(std::string_view property) const;     // empty where there is none
  std::string_view value(std::string_view property, std::size_t row = 0) const;  // empty where there is none
  const Paging& paging() const { return paging_; }
  std::string_view body() const { return *text_; }

 private:
  void read_lines();
  void read_property(std::string_view name, std::string_view value, std::size_t line);
  Property& property_of(std::string_view key);
  void check_columns();
  void tear(std::string reason);

  std::unique_ptr<std::string> text_;  // kept at one address, so that views survive a move
  // names that had to be upper-cased or stripped; a deque for the same reason
  std::deque<std::string> names_{};
  int code_ = 0;
  std::string_view description_{};
  std::string torn_{};
  bool pending_ = false;
  std::vector<Property> properties_{};
  std::unordered_map<std::string_view, std::size_t> by_name_{};
  // index of the property read last: the next row is most often the same one's, or the next one's
  std::size_t last_ = 0;
  Paging paging_{};
};

// An answer to be sent. Texts are cleaned on formatting: CR, LF and NUL become blanks, braces round brackets (the
// vendor's Node client deletes text in braces).
struct Answer {
  int code = 200;
  std::string detail{};       // behind the text and a semicolon
  std::string description{};  // the text; empty: the one of the code
  // name, values; in the order to print
  std::vector<std::pair<std::string, std::vector<std::string>>> properties{};
  bool pending = false;

  // appends a row to the property, which is made where it is missing
  void add(std::string property, std::string value);
};
// The live layout shown above, LF line ends. Names in upper case.
std::string format(const Answer& answer);

}  // namespace api_client
