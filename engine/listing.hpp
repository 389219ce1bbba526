// Deletion lists as they are stored: sources, the coverage of a list, and the listing of a name.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/drop.hpp"
#include "engine/money.hpp"

namespace engine {

struct Source {
  SourceId id;
  std::string name;
  DateIs date_is;
};

// Zones and days that a list names or declares. Where it covers them, what is not in it there is missing: it declares
// them, or it has at least half of the names that its source listed there before.
struct Coverage {
  std::string zone{};  // schedule zone or suffix
  Day day;             // UTC day of T
  std::int64_t rows;
  bool covers = true;
  friend auto operator<=>(const Coverage&, const Coverage&) = default;
};
struct ImportedList {
  std::int64_t id;
  SourceId source;
  UtcTime imported_at;
  std::int64_t rows;
  std::vector<Coverage> coverage{};
  std::optional<UtcTime> published_at{};  // by the list's own word
  // Lists of a source count in this order, then by id.
  UtcTime stands_from() const { return published_at.value_or(imported_at); }
};
// The listing of a name by a source. `missing`: a later list that covers its day lacks the name.
struct ListedDrop {
  DomainName name;
  std::optional<UtcTime> drop_at{}, finalization_at{};
  std::int64_t list;
  bool missing = false;
  // The day or instant from which the schedule resolved drop_at, if the list gives no instant of the drop.
  std::optional<Day> day{};
  std::optional<UtcTime> eligible_at{};
  bool tentative = false;
};

// Where a source's lists are fetched from, what was there last, and how often a new one comes.
struct ListFeed {
  std::string source{};
  std::string url{};
  std::string format{};  // of tools/formats, or a path of the user's; empty: found by looking
  // as the server said them last, asked with again
  std::string etag{}, last_modified{};
  std::string content_hash{};  // of the bytes that were imported last, hexadecimal
  Milliseconds rhythm{0};      // a new list comes at least so often; 0: not known
  std::optional<UtcTime> looked_at{}, changed_at{};
  // Nothing new for longer than the rhythm and half of it again.
  bool is_late(UtcTime now) const { return rhythm.count() > 0 && changed_at && now - *changed_at > rhythm * 3 / 2; }
};

// A wish for names that are not known yet: whatever is listed and fits is placed, or proposed, within a budget.
struct StandingOrder {
  std::int64_t id = 0;
  CustomerId customer;
  std::string filter{};  // as tools/operations/name_filter.hpp writes it
  std::optional<Money> max_price{};
  Money budget;
  Money used;             // caps of what was placed
  bool proposes = false;  // an event instead of a backorder
  UtcTime made_at;
  std::optional<UtcTime> ended_at{};
};

}  // namespace engine
