#include "tools/cli/commands/money_options.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

// The reply with the numbers of the transfers that its request posted: what a later reversal names.
operations::Reply with_transfers(const Session& session, operations::Reply reply, const operations::Context& context) {
  if (!reply.fact("transfer").empty()) return reply;
  std::string ids;
  if (const auto request = context.store.request(session.request().sender, reply.key)) {
    engine::TransferQuery query;
    query.request = request->id;
    context.store.each_transfer(query, [&ids](const engine::Transfer& transfer) {
      ids += (ids.empty() ? "" : ", ") + std::to_string(transfer.id.value());
    });
  }
  reply.facts.emplace_back("transfer", ids);
  return reply;
}

std::string balances(const operations::Reply& reply) {
  std::string text =
      "available " + std::string(reply.fact("available")) + ", reserved " + std::string(reply.fact("reserved"));
  const std::string_view owed = reply.fact("owed");
  if (owed.find_first_of("123456789") != std::string_view::npos) text += ", owed " + std::string(owed);
  return text;
}

}  // namespace

std::optional<engine::UtcTime> effective(const std::string& text, const Session& session,
                                         const operations::Context& context) {
  if (text.empty()) return std::nullopt;
  const engine::UtcTime at = session.instant(text);
  if (at > context.now) {
    throw CommandError{Error{ErrorCode::invalid_time, "--effective " + engine::to_string(at) + " is later than now, " +
                                                          engine::to_string(context.now)}};
  }
  return at;
}

engine::Currency currency(const std::string& code) { return value_or_throw(engine::Currency::parse(code)); }

int answer_money(const Session& session, const operations::Context& context, engine::Result<operations::Reply> result,
                 const std::string& done) {
  const operations::Reply reply = with_transfers(session, value_or_throw(std::move(result)), context);
  const bool customer = !reply.fact("available").empty();
  session.answer(reply, "dropledger.money/1", customer ? done + ": " + balances(reply) : done);
  return 0;
}

void bind_effective(CLI::App& app, std::string& effective) {
  app.add_option("--effective", effective, "Date at the bank, e.g. 2026-07-01 (default: now)")->type_name("TIME");
}
void bind_reason(CLI::App& app, std::string& reason) {
  app.add_option("--reason", reason, "Reason, kept with the transfer")->type_name("TEXT")->required();
}
void bind_source(CLI::App& app, std::string& source) {
  app.add_option("--source", source, "Cash account: a bank or payment service")
      ->type_name("NAME")
      ->capture_default_str();
}
void bind_memo(CLI::App& app, std::string& memo, bool required) {
  app.add_option("--memo", memo, "Note, such as the reference of the bank")->type_name("TEXT")->required(required);
}

}  // namespace cli
