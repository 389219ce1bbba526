#include "engine/transfer.hpp"

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<TransferKind> kKinds[] = {
    {TransferKind::pay_in, "pay-in"},
    {TransferKind::pay_in_receivable, "pay-in-receivable"},
    {TransferKind::pay_out, "pay-out"},
    {TransferKind::reserve, "reserve"},
    {TransferKind::refund, "refund"},
    {TransferKind::capture, "capture"},
    {TransferKind::capture_tax, "capture-tax"},
    {TransferKind::adjustment, "adjustment"},
    {TransferKind::goodwill, "goodwill"},
    {TransferKind::chargeback, "chargeback"},
    {TransferKind::chargeback_receivable, "chargeback-receivable"},
    {TransferKind::auction_price, "auction-price"},
    {TransferKind::auction_receivable, "auction-receivable"},
    {TransferKind::late_charge, "late-charge"},
    {TransferKind::late_charge_tax, "late-charge-tax"},
    {TransferKind::late_receivable, "late-receivable"},
    {TransferKind::suspense_in, "suspense-in"},
    {TransferKind::suspense_out, "suspense-out"},
    {TransferKind::provider_pay_in, "provider-pay-in"},
    {TransferKind::provider_cost, "provider-cost"},
    {TransferKind::reversal, "reversal"},
    {TransferKind::set_off, "set-off"},
    {TransferKind::debt_returned, "debt-returned"},
    {TransferKind::general, "general"},
    {TransferKind::opening, "opening"},
    {TransferKind::bad_debt, "bad-debt"},
    {TransferKind::moved_out, "moved-out"},
    {TransferKind::moved_in, "moved-in"},
    {TransferKind::tax_split, "tax-split"},
};

}  // namespace

std::string_view to_word(TransferKind kind) { return word_of(kKinds, kind); }
std::optional<TransferKind> parse_transfer_kind(std::string_view text) { return value_of(kKinds, text); }

bool moves_deposit(TransferKind kind) {
  return kind == TransferKind::reserve || kind == TransferKind::refund || kind == TransferKind::capture ||
         kind == TransferKind::capture_tax;
}

bool is_reversible(TransferKind kind) {
  switch (kind) {
    case TransferKind::pay_in:
    case TransferKind::pay_in_receivable:
    case TransferKind::pay_out:
    case TransferKind::adjustment:
    case TransferKind::goodwill:
    case TransferKind::chargeback:  // a chargeback that was won later
    case TransferKind::chargeback_receivable:
    case TransferKind::suspense_in:
    case TransferKind::suspense_out:
    case TransferKind::provider_pay_in:
    case TransferKind::provider_cost:
    case TransferKind::reversal:  // then what it undid stands again, and may be undone again
    case TransferKind::set_off:   // with what fed it
    case TransferKind::debt_returned:
    case TransferKind::general:
    case TransferKind::opening:
    case TransferKind::bad_debt:
    case TransferKind::moved_out:
    case TransferKind::moved_in:
      return true;
    case TransferKind::reserve:
    case TransferKind::refund:
    case TransferKind::capture:
    case TransferKind::capture_tax:
    case TransferKind::auction_price:
    case TransferKind::auction_receivable:
    case TransferKind::late_charge:
    case TransferKind::late_charge_tax:
    case TransferKind::late_receivable:
    case TransferKind::tax_split:
      return false;
  }
  invariant_failed("the kind is known", __FILE__, __LINE__, "transfer kind");
}

}  // namespace engine
