// Deletion lists as registries, vendors and the provider publish them, read into names and dates. Bytes in, rows out;
// what cannot be read is reported by line and skipped, a file that is no list at all is refused whole.
//
// The layout of a list is a Description: the one that is named, the built-in one that its header or file name is
// certainly of, or one made from its header's words (list_columns.hpp). Which was taken is always said. Packed lists
// are unpacked first (container.hpp); several members are read as one list.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/drop.hpp"
#include "tools/formats/container.hpp"
#include "tools/formats/description.hpp"

namespace formats {

struct BadRow {
  std::uint64_t line;
  std::string text;  // shortened, printable
  std::string why;
};

enum class ListLayout : std::uint8_t { detect, provider, csv, names };
// "provider", "csv", "names"; invalid_argument else.
engine::Result<ListLayout> parse_list_layout(std::string_view text);

struct ListFormat {
  ListLayout layout = ListLayout::detect;
  std::optional<engine::ListDate> date{};    // of every name; before one that stands outside the rows
  std::string file_name{};                   // for its date, and to recognise the list by
  const Description* description = nullptr;  // the one that was named; REQUIRES: of kind list, outlives the call
  std::optional<engine::DateIs> date_is{};   // what the source's dates are: the column that fits it counts
  std::optional<Encoding> encoding{};        // before the description's
};

// One file of the list, and how it was read.
struct ListPart {
  std::string file{};
  std::string format{};           // name of the description
  bool recognised = false;        // by itself, by a built-in description
  std::uint64_t rows = 0;         // read
  std::uint64_t passed_over = 0;  // lines and rows that the description says are none
};

struct DeletionList {
  std::vector<engine::ListRow> rows;  // by name, one per name
  std::vector<BadRow> bad;            // the first kMaxBadRows of them
  std::uint64_t bad_count = 0;
  std::uint64_t lines = 0;
  std::uint64_t duplicates = 0;  // rows of a name listed before; with another date the earliest counts
  std::vector<ListPart> parts{};
  std::vector<std::string> passed_over{};         // members of an archive that are no lists
  std::optional<engine::UtcTime> published_at{};  // by its own word; of several parts the earliest
  std::optional<engine::DateIs> date_is{};        // what the description says its dates are
  std::string torn{};  // what shows that it ends in the middle of a row; that row is among the bad ones
};

inline constexpr std::size_t kMaxBadRows = 1'000;

// invalid_list: empty, binary, not its encoding, no list in an archive, a header without the needed columns, or not one
// readable row; invalid_argument where names come without a date. `progress` hears the bytes done, now and then.
engine::Result<DeletionList> read_deletion_list(std::string bytes, const ListFormat& format,
                                                const std::function<void(std::size_t)>& progress = {});

}  // namespace formats
