// Options and answers that the commands for moving money share.
#pragma once

#include <optional>
#include <string>

#include "tools/cli/session.hpp"

namespace cli {

void bind_effective(CLI::App& app, std::string& effective);
void bind_reason(CLI::App& app, std::string& reason);
void bind_source(CLI::App& app, std::string& source);
void bind_memo(CLI::App& app, std::string& memo, bool required = false);

// The instant of --effective, or nothing. A bank books in the past; a date to come is a slip of the hand: invalid_time.
std::optional<engine::UtcTime> effective(const std::string& text, const Session& session,
                                         const operations::Context& context);
engine::Currency currency(const std::string& code);

// Prints what a movement of money did: `done`, the balances it left, and the numbers of its transfers. Throws
// CommandError where it was refused.
int answer_money(const Session& session, const operations::Context& context, engine::Result<operations::Reply> result,
                 const std::string& done);

}  // namespace cli
