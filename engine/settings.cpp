#include "engine/settings.hpp"

#include <algorithm>
#include <iterator>

namespace engine {
namespace {

Status bad_setting(std::string_view name, std::string_view value, const std::string& expected) {
  return Error{ErrorCode::invalid_argument,
               "setting " + std::string(name) + ": '" + std::string(value) + "' is not " + expected};
}

// Empty: not set any more.
std::optional<Status> read_order_detail(Settings& settings, std::string_view name, std::string_view value) {
  constexpr std::string_view kContacts[] = {"order.owner-contact", "order.admin-contact", "order.tech-contact",
                                            "order.billing-contact"};
  constexpr std::size_t kLongest = 64;
  const bool is_period = name == "order.period";
  if (!is_period && std::ranges::find(kContacts, name) == std::end(kContacts)) return std::nullopt;
  if (value.empty()) {
    settings.order_details.erase(std::string(name));
    return Unit{};
  }
  const auto is_plain = [](char c) { return c > ' ' && c < 127; };
  const bool is_years = value.size() <= 2 && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; }) &&
                        value != "0" && value != "00" && (value.size() == 1 || value == "10");
  if (is_period && !is_years) return bad_setting(name, value, "a number of years from 1 to 10");
  if (value.size() > kLongest || !std::ranges::all_of(value, is_plain))
    return bad_setting(name, value, "a contact's handle at the provider, such as P-ABC123");
  settings.order_details.insert_or_assign(std::string(name), std::string(value));
  return Unit{};
}

}  // namespace

std::optional<Status> read_setting(Settings& settings, std::string_view name, std::string_view value) {
  const auto span = [&](Milliseconds& target) -> Status {
    const Result<Milliseconds> parsed = parse_span(value);
    if (!parsed) return bad_setting(name, value, "a span like 72h or 7d");
    target = parsed.value();
    return Unit{};
  };
  if (name == "funding.policy") {
    const auto policy = parse_funding_policy(value);
    if (!policy) return bad_setting(name, value, "each or all-or-nothing");
    settings.funding.policy = *policy;
    return Unit{};
  }
  if (name == "funding.void") {
    const auto void_policy = parse_void_policy(value);
    if (!void_policy) return bad_setting(name, value, "at-due or at-deadline");
    settings.funding.void_policy = *void_policy;
    return Unit{};
  }
  if (name == "auction.price") {
    if (value != "external" && value != "on-account") return bad_setting(name, value, "external or on-account");
    settings.auction_on_account = value == "on-account";
    return Unit{};
  }
  if (name == "tax.charged") {
    if (value != "yes" && value != "no") return bad_setting(name, value, "yes or no");
    settings.charges_tax = value == "yes";
    return Unit{};
  }
  if (name == "seller.country") {
    const bool is_country =
        value.size() == 2 && value[0] >= 'A' && value[0] <= 'Z' && value[1] >= 'A' && value[1] <= 'Z';
    if (!is_country && !value.empty()) return bad_setting(name, value, "two capital letters of ISO 3166-1, such as DE");
    settings.seller_country = std::string(value);
    return Unit{};
  }
  for (const auto& [text, target] :
       {std::pair{"seller.name", &settings.seller_name}, std::pair{"seller.address", &settings.seller_address},
        std::pair{"seller.vat-id", &settings.seller_vat_id}}) {
    if (name != text) continue;
    *target = std::string(value);
    return Unit{};
  }
  if (name == "invoice.period") {
    const auto period = parse_invoice_period(value);
    if (!period) return bad_setting(name, value, "capture, day or month");
    settings.invoice_period = *period;
    return Unit{};
  }
  if (name == "payments.match") {
    if (value != "name" && value != "reference") return bad_setting(name, value, "name or reference");
    settings.payments_by_name = value == "name";
    return Unit{};
  }
  if (name == "provider.adopt") {
    if (value != "act" && value != "ask") return bad_setting(name, value, "act or ask");
    settings.ask_to_adopt = value == "ask";
    return Unit{};
  }
  if (name.starts_with("cost.")) {  // "7.85 USD", or empty: not known any more
    const auto zone = parse_zone(name.substr(5));
    if (!zone || zone.value() != name.substr(5))
      return bad_setting(name, value, "set for a zone as it is written in ACE, such as cost.com");
    if (value.empty()) {
      settings.expected_cost.erase(zone.value());
      return Unit{};
    }
    const bool has_code = value.size() > 4 && value[value.size() - 4] == ' ';
    const auto currency = Currency::parse(has_code ? value.substr(value.size() - 3) : std::string_view());
    const auto amount = currency ? parse_positive_money(value.substr(0, value.size() - 4), currency.value())
                                 : Result<Money>(currency.error());
    if (!amount) return bad_setting(name, value, "an amount with its currency, such as '7.85 USD'");
    settings.expected_cost.insert_or_assign(zone.value(), amount.value());
    return Unit{};
  }
  if (name.starts_with("order.")) return read_order_detail(settings, name, value);
  if (name == "reschedule.keep") return span(settings.reschedule_keep);
  if (name == "warn.ahead") return span(settings.warn_ahead);
  if (name == "provider.absence-wait") return span(settings.absence_wait);
  if (name == "reconcile.provider-lag") return span(settings.provider_lag);
  if (name == "reconcile.bank-lag") return span(settings.bank_lag);
  if (name == "overdue.after") return span(settings.overdue_after);
  if (name == "overdue.auction-after") return span(settings.auction_overdue_after);
  return std::nullopt;
}

Status check_setting(std::string_view name, std::string_view value) {
  Settings scratch;
  const std::optional<Status> read = read_setting(scratch, name, value);
  if (!read) return Error{ErrorCode::invalid_argument, "there is no setting '" + std::string(name) + "'"};
  return *read;
}

}  // namespace engine
