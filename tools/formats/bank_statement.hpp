// Statements of banks and payment services, read into lines: camt.053 (ISO 20022) and CSV by a mapping. Text in, rows
// out; what cannot be read is reported by line and left out, and then the balances will not add up, which the caller
// must refuse or force.
//
// Signs: in is positive, out negative. An entry's id is, in this order:
//   1. the bank's own: AcctSvcrRef of the transaction or entry; the mapped id column. EndToEndId is the payer's and
//   NtryRef counts within one statement:
//      neither is an id. A transaction of a batch without a reference of its own has its entry's with "/1", "/2" …; an
//      id that is repeated in a file, too.
//   2. derived: "content:" + the first 16 bytes of BLAKE2b-256 over booking day, amount, currency, end-to-end id,
//   reference and counterparty + "/" + its
//      number among its equals of that file. Overlapping statements agree on it as long as each has whole days.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/external_line.hpp"

namespace formats {

struct BankStatement {
  std::string name{};     // the bank's id of the statement; empty in CSV
  std::string account{};  // IBAN, where given
  // OPBD (or PRCD) and CLBD; of a CSV with a balance column, its first and last
  std::optional<engine::Money> opening{}, closing{};
  std::optional<engine::Day> from{}, to{};      // of the lines, or what the statement says
  std::vector<engine::ExternalLine> lines{};    // source and statement are the caller's
  std::vector<std::uint64_t> places{};          // line of the file of each
  std::int64_t pending = 0;                     // entries that are not booked (PDNG, INFO): passed over
  std::vector<engine::UnreadRow> unreadable{};  // of an XML entry: where it begins
  // why the balances do not add up, with the figures; empty: they do, or there are none
  std::string imbalance{};
};

// One per Stmt. invalid_statement: no camt.053, a document type (no entities from elsewhere), no statement.
engine::Result<std::vector<BankStatement>> read_camt053(std::string_view xml);
bool looks_like_xml(std::string_view text);

// How one bank writes its CSV. TOML; each key with its default:
//
//   separator = ","          # one character; "\t" for tabs; ";" where decimal is ","
//   decimal = "."            # or ","; the other one and blanks are then group marks, only in threes
//   date = "YYYY-MM-DD"      # any order of YYYY (or YY, 2000 to 2099), MM, DD with what stands between them
//   encoding = "utf-8"       # or "latin-1" (also good for windows-1252 without its quotes and dashes)
//   skip = 0                 # lines before the header
//   currency = "EUR"         # of every row, where no column says it
//   [columns]                # names as in the header; those of a list are joined by a blank
//   booked = "Buchungstag"   # obligatory
//   valued = "Valutadatum"
//   amount = "Betrag"        # signed; or, with `sign`, without one; or instead of it:
//   credit = "Haben"         #   what came in
//   debit = "Soll"           #   what went out
//   sign = "S/H"             # a column that tells the direction
//   currency = "Währung"
//   reference = ["Verwendungszweck"]
//   end_to_end = "Kundenreferenz"
//   counterparty = "Name"
//   id = "Transaction ID"
//   balance = "Saldo"        # after each row: rows ascending or descending, checked
//   status = "Status"        # with [booked]
//   [sign]
//   credit = ["H", "CRDT"]
//   debit = ["S", "DBIT"]
//   [booked]
//   status = ["completed"]   # rows with another status are pending and passed over
struct CsvMapping {
  char separator = ',';
  char decimal = '.';
  std::string date = "YYYY-MM-DD";
  bool latin1 = false;
  std::uint64_t skip = 0;
  std::optional<engine::Currency> currency{};
  std::map<std::string, std::vector<std::string>> columns{};  // by key
  std::vector<std::string> credit_words{}, debit_words{}, booked_words{};
};
// invalid_argument with the line: unknown keys, wrong types, no column for the day, the amount or the currency.
engine::Result<CsvMapping> parse_csv_mapping(std::string_view toml);
// invalid_statement: no header, a mapped column is missing, not the encoding it says.
engine::Result<BankStatement> read_bank_csv(std::string_view text, const CsvMapping& mapping);

}  // namespace formats
