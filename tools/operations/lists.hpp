// Imports deletion lists: dates, moved dates and missing names.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/provider.hpp"
#include "tools/operations/context.hpp"

namespace operations {

struct ListImport {
  std::string source;                     // "provider", "pl-registry" …: each source's latest list counts
  std::optional<engine::DateIs> date_is;  // needed for a new source; must agree afterwards
  // zones and days the list speaks for beyond those it contains (rows 0)
  std::vector<engine::Coverage> declared{};
  bool force = false;  // accept a list that is torn, or less than half the size of the last one
  // by the list's own word: an older list that comes late moves nothing back; without it, or where it is to come, the
  // import counts
  std::optional<engine::UtcTime> published_at{};
  std::string torn{};  // what shows that the list ends in the middle of a row: it then covers nothing
};
struct UndatableRow {
  std::uint32_t line;
  std::string name, zone;
};
struct ListReport {
  std::int64_t list = 0;
  std::int64_t rows = 0, added = 0, moved = 0, unchanged = 0, missing = 0, undatable = 0;
  std::int64_t superseded = 0;  // rows that a newer list of the source contradicts: nothing of them was taken
  std::int64_t backorders_moved = 0, rescheduled = 0, dated = 0, conflicts = 0;
  std::int64_t unlisted = 0;                   // open backorders that no list names any more
  std::vector<UndatableRow> undatable_rows{};  // the first thousand
  bool repeated = false;                       // the same content again: nothing changed
};
// REQUIRES: rows sorted by ACE name, one per name. One unit of work: list_too_short, invalid_argument (source without
// date_is, another date_is), invalid_list (nothing datable). Moves open backorders by the
// engine's rules; names that a list should have and lacks become events and cases.
engine::Result<ListReport> import_list(const Context& context, const ListImport& import,
                                       const std::vector<engine::ListRow>& rows,
                                       const std::function<void(std::size_t)>& progress);

}  // namespace operations
