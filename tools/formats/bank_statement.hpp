// Statements of banks and payment services, read into lines: camt.052, camt.053, camt.054 (ISO 20022) and CSV by a
// mapping. Bytes in, rows out, converted to UTF-8 by the encoding that the file declares. What cannot be read is
// reported by line and left out; the caller must refuse the file, or be forced.
//
// Signs: in is positive, out negative. A line's external_id is made from its content; its identity is decided where the
// statement joins those that are kept (engine/statement_chain.hpp). The bank's own reference is kept as evidence.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/external_line.hpp"
#include "tools/formats/encoding.hpp"

namespace formats {

struct BankStatement {
  std::string name{};                      // the bank's id of the statement; empty in CSV
  std::string account{};                   // IBAN, where given
  std::optional<std::int64_t> sequence{};  // LglSeqNb, ElctrncSeqNb
  // OPBD (or PRCD) and CLBD; of a CSV with a balance column, its first and last
  std::optional<engine::Money> opening{}, closing{};
  std::optional<engine::Day> from{}, to{};      // of the lines, or what the statement says
  std::vector<engine::ExternalLine> lines{};    // source and statement are the caller's
  std::vector<std::uint64_t> places{};          // line of the file of each
  std::int64_t without_amount = 0;              // entries of nothing: banks tell things in them
  std::int64_t pending = 0;                     // entries that are not booked (PDNG, INFO): passed over
  std::vector<engine::UnreadRow> unreadable{};  // of an XML entry: where it begins
  // why the balances do not add up, with the figures; empty: they do, or there are none
  std::string imbalance{};
};

// One per statement, report or notification, of all documents and messages in the file. invalid_statement: no camt, a
// document type (no entities from elsewhere), no statement, not in the encoding that it declares.
engine::Result<std::vector<BankStatement>> read_camt(std::string_view bytes);
bool looks_like_xml(std::string_view text);

// MT940, one per :20: and its balances. invalid_statement: no statement, a balance that cannot be read, not in the
// encoding declared (UTF-8 where none is).
engine::Result<std::vector<BankStatement>> read_mt940(std::string_view bytes, std::optional<Encoding> declared);
bool looks_like_mt940(std::string_view text);

// The layout of one bank's CSV, in TOML; each key with its default:
//
//   separator = ","          # one character; "\t" for tabs; ";" where decimal is ","
//   decimal = "."            # or ","; the other one and blanks are then group marks, only in threes
//   date = "YYYY-MM-DD"      # any order of YYYY (or YY, 2000 to 2099), MM, DD with what stands between them
//   encoding = "utf-8"       # or latin-1, iso-8859-15, windows-1252, utf-16 …; a byte order mark counts before it
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
//   structured = "Zahlungsreferenz"   # a reference the payer gave as such: RF, QR, OGM …
//   end_to_end = "Kundenreferenz"
//   counterparty = "Name"
//   id = "Transaction ID"    # the bank's own, as evidence
//   fee = "Gebühr"           # what the service kept, with or without a minus; amount is then the gross amount
//   net = "Netto"            # what is left of it: checked
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
  std::optional<Encoding> encoding{};
  std::uint64_t skip = 0;
  std::optional<engine::Currency> currency{};
  std::map<std::string, std::vector<std::string>> columns{};  // by key
  std::vector<std::string> credit_words{}, debit_words{}, booked_words{};
};
// invalid_argument with the line: unknown keys, wrong types, no column for the day, the amount or the currency.
engine::Result<CsvMapping> parse_csv_mapping(std::string_view toml);
// One statement per currency. invalid_statement: no header, a mapped column is missing, no row, not the encoding it
// says.
engine::Result<std::vector<BankStatement>> read_bank_csv(std::string_view bytes, const CsvMapping& mapping);

}  // namespace formats
