#include "engine/journal_slice.hpp"

#include <algorithm>

namespace engine {

JournalSlice with_period_begun(JournalSlice slice) {
  std::vector<JournalAccount> retained;  // one per currency
  for (JournalAccount& account : slice.accounts) {
    if (!is_of_period(account.key.kind) || account.opening.is_zero()) continue;
    const auto same = [&](const JournalAccount& one) { return one.key.currency == account.key.currency; };
    auto place = std::ranges::find_if(retained, same);
    if (place == retained.end()) {
      const Money zero = Money::zero(account.key.currency);
      retained.push_back({{AccountKind::retained_earnings, account.key.currency, {}, {}}, zero, zero, false});
      place = std::prev(retained.end());
    }
    place->opening += account.opening;
    place->closing += account.opening;
    account.closing -= account.opening;
    account.opening = Money::zero(account.key.currency);
  }
  slice.accounts.insert(slice.accounts.end(), retained.begin(), retained.end());
  std::ranges::sort(slice.accounts, {}, &JournalAccount::key);
  return slice;
}

}  // namespace engine
