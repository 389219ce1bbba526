// The beginning of a price, a tax rate or a closing; shared by the commands for terms.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "tools/cli/session.hpp"

namespace cli {

constexpr const char* kTermsSchema = "dropledger.terms-change/1";

inline std::optional<engine::UtcTime> instant_or(const std::string& text, const Session& session) {
  if (text.empty()) return std::nullopt;
  return session.instant(text);
}

// Where validity begins unless said otherwise: the instant this request is recorded, and that of its first time where
// it is repeated, or the repetition would ask for something else.
inline engine::UtcTime default_start(const Session& session, const operations::Context& context) {
  const operations::RequestKey request = session.request();
  if (!request.key.empty()) {
    if (const auto before = context.store.request(request.sender, request.key)) return before->recorded_at;
  }
  return std::max(context.now, context.store.book().last_recorded.value_or(context.now));
}

}  // namespace cli
