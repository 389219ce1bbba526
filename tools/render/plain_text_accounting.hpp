// The journal in the syntaxes of other programs, streamed: opening balances, one transaction per transfer, closing
// balances.
//
// hledger, ledger  One transaction per transfer: code = transfer, payee = account, two postings. `date=date2`: where
// the effective day is not the
//                  recorded one, it is the second. Accounts are declared, and at the end each one's balance is
//                  asserted. Tags: kind, order, domain, attempt, request, actor, recorded, effective, reverses, memo.
// beancount        The same with metadata; `open` with the account's currency (which an operator's account bears in its
// name); `balance … ~ 0` on the day after the last: exact, not "near". csv, jsonl       One line per fact: record =
// opening | transfer | closing. The balances of opening and closing stand on the side they are on.
//
// Account names: liabilities:customers:<account>:available and the like. Characters that a syntax does not take are
// escaped so that two names never become one: %2F in hledger and ledger; beancount_component() for beancount.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "engine/journal_slice.hpp"

namespace render {

enum class JournalSyntax : std::uint8_t { hledger, ledger, beancount, csv, jsonl };
std::optional<JournalSyntax> parse_journal_syntax(std::string_view word);

// Writes the slice, whose transfers are among `rows`; a long one on two threads, some thousand transfers at a time.
// `append`: it is to follow the ones before it in one file: no opening balances, and only new accounts are declared.
// A stream that fails is the caller's to look at. Throws what `rows` throw.
void write_journal(JournalSyntax syntax, const engine::JournalSlice& slice, bool append,
                   const engine::JournalRows& rows, std::ostream& out);

// "assets:cash:bank", "liabilities:customers:alice:available"; in beancount "Assets:Cash:Bank:EUR",
// "Liabilities:Customers:Alice:Available".
std::string journal_account(JournalSyntax syntax, const engine::LedgerAccountKey& key, std::string_view of);

// A component of a beancount account, which must begin with a capital and hold letters, digits and hyphens only.
// Injective: the first letter is raised;
// '-' is "--", '.' is "-d", '_' is "-u", any other byte "-xHH"; whatever does not begin with a small letter is put
// behind "X-c".
std::string beancount_component(std::string_view name);

}  // namespace render
