// Any bytes as a bank's statement: camt, MT940, CSV. What is read is whole: as many places as lines, days that contain
// them, no line of nothing, texts in UTF-8; and what says that it adds up does.
#include <cstdint>
#include <string_view>

#include "tests/fuzz/check.hpp"
#include "tools/formats/bank_statement.hpp"

using namespace formats;

namespace {

void check(const std::vector<BankStatement>& statements) {
  for (const BankStatement& one : statements) {
    MUST(one.lines.size() == one.places.size());
    std::int64_t sum = 0;
    for (const engine::ExternalLine& line : one.lines) {
      MUST(!line.amount.is_zero());
      MUST(line.fee >= 0);
      MUST(one.from && one.to && *one.from <= line.booked_on && line.booked_on <= *one.to);
      MUST(!line.external_id.empty());
      MUST(decode(line.reference + line.counterparty + line.raw, Encoding::utf8, engine::ErrorCode::invalid_statement));
      if (one.imbalance.empty()) sum += line.amount.minor();
    }
    if (one.opening && one.closing && one.imbalance.empty() && one.unreadable.empty())
      MUST(one.opening->minor() + sum == one.closing->minor());
#ifdef DROPLEDGER_PLANTED_BUG
    MUST(one.lines.size() < 2 || one.lines[0].booked_on != one.lines[1].booked_on);
#endif
  }
}

CsvMapping mapping() {
  CsvMapping one;
  one.currency = engine::Currency::parse("EUR").value();
  for (const char* key : {"booked", "amount", "fee", "reference", "balance"}) one.columns[key] = {key};
  return one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const CsvMapping kMapping = mapping();
  if (const auto camt = read_camt(bytes)) check(camt.value());
  if (const auto mt940 = read_mt940(bytes, {})) check(mt940.value());
  if (const auto csv = read_bank_csv(bytes, kMapping)) check(csv.value());
  return 0;
}
