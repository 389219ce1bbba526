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
// Grammar and codes: protocol.md. For money a body is trusted only when it is complete: it has CODE and DESCRIPTION, ends in EOF, and a list's columns are as long
// as its COUNT says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/result.hpp"

namespace api_client {

// By the first digit of the code: 2, 4, 5; anything else is unknown.
enum class ResponseClass : std::uint8_t { success, temporary, permanent, unknown };
std::string_view name(ResponseClass response_class);
ResponseClass class_of_code(int code);

// The text of a code in the provider's table; empty for codes it does not list.
std::string_view text_of_code(int code);

// FIRST, LAST, COUNT, TOTAL, LIMIT of a list, where given and readable.
struct Paging {
  std::optional<std::int64_t> first{}, last{}, count{}, total{}, limit{};
};

// A parsed body. Owns its text; names and values are views of it and live as long as the response (moving it keeps them valid).
class Response {
 public:
  struct Property {
    std::string_view name;  // upper case, all blanks removed
    std::vector<std::string_view> values;
  };

  // Never fails: what cannot be understood is `torn()` with the reason. Lines without `=` are passed over; a top-level name given twice counts as given last;
  // rows of a property are kept in the order in which they appear; a property named CODE or DESCRIPTION is data.
  static Response parse(std::string body);

  int code() const { return code_; }  // 0 where there is none
  std::string_view description() const { return description_; }
  ResponseClass response_class() const { return class_of_code(code_); }
  bool pending() const { return pending_; }
  // Why the body must not be trusted; empty: it is complete.
  std::string_view torn() const { return torn_; }
  bool complete() const { return torn_.empty(); }

  std::span<const Property> properties() const { return properties_; }  // in the order of first appearance
  std::span<const std::string_view> values(std::string_view property) const;  // empty where there is none
  std::string_view value(std::string_view property, std::size_t row = 0) const;  // empty where there is none
  const Paging& paging() const { return paging_; }
  std::string_view body() const { return *text_; }

 private:
  std::unique_ptr<std::string> text_;   // kept at one address, so that views survive a move
  std::unique_ptr<std::string> names_;  // names that had to be upper-cased or stripped
  int code_ = 0;
  std::string description_{}, torn_{};
  bool pending_ = false;
  std::vector<Property> properties_{};
  Paging paging_{};
};

// An answer to be sent. Values are cleaned on formatting: CR, LF and NUL become blanks, braces round brackets (the vendor's Node client deletes text in braces).
struct Answer {
  int code = 200;
  std::string detail{};  // behind the code's text and a semicolon
  std::vector<std::pair<std::string, std::vector<std::string>>> properties{};  // name, values; in the order to print
  bool pending = false;

  void add(std::string property, std::string value);  // appends a row to the property, which is made where it is missing
};
// The live layout shown above, LF line ends.
std::string format(const Answer& answer);

}  // namespace api_client
