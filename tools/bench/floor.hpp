// What raw SQLite needs for the same work: prepared statements over bare tables, no rules, no triggers, no log, no seals. The figures of the ledger are
// judged as ratios to these in the same run, since absolute ones say more about the machine.
// Every function makes its tables in a new file first (not counted) and returns the seconds of the work itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

struct Orders {
  int orders;
  int accounts;
};

// Sweep: read what is due, decide in memory, write for each covered one an entry, two postings, a hold and a status, and each balance once; one durable
// transaction. `covered` comes back.
double floor_aggregate(const std::string& file, Orders size, std::int64_t& covered);

// List: read and check `text` (domain;time), sort it, walk it beside yesterday's table, write what differs; one durable transaction.
double floor_merge(const std::string& file, std::string_view yesterday, std::string_view text);

// Preview: read every open order, sort in memory by account and drop, decide.
double floor_scan(const std::string& file, Orders size, std::int64_t& covered);

// Reports over a journal of entries with two postings each.
struct Reports {
  double stored, added_up, register_text;
};
Reports floor_reports(const std::string& file, int entries, int accounts);

// Which accounts are how rich: every order costs kPrice, and eight of ten are covered. Shared with the ledger's side.
inline constexpr std::int64_t kPrice = 1'000;
std::int64_t balance_of(int account, Orders size);

}  // namespace bench
