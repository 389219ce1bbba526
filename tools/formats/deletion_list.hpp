// Deletion lists as registries and the provider publish them, read into names and dates. Text in, rows out; what cannot
// be read is reported by line and skipped, a file that is no list at all is refused whole.
//
// Formats (found by looking at the first usable lines, or named by the caller):
//   provider  `domain;YYYY-MM-DD HH:MM:SS`, UTC, no header, further columns ignored (the provider's pending-delete
//   file); also `domain;YYYY-MM-DD` csv       comma separated with a header line (RFC 4180), columns found by name in
//   any case names     one name a line; the date comes with the file
// A zip archive with one such member is unpacked first. UTF-8 with or without byte order mark; LF, CRLF or CR; blank
// lines and lines that begin with # are passed over.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/drop.hpp"

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
  std::optional<engine::ListDate> date{};  // of every name in a list of names only
};

struct DeletionList {
  std::vector<engine::ListRow> rows;  // by name, one per name
  std::vector<BadRow> bad;            // the first kMaxBadRows of them
  std::uint64_t bad_count = 0;
  std::uint64_t lines = 0;
  std::uint64_t duplicates = 0;  // rows of a name listed before; with another date the earliest counts
};

inline constexpr std::size_t kMaxBadRows = 1'000;
// longer lines are bad rows, whatever is in them
inline constexpr std::size_t kMaxLine = 64 * 1024;
inline constexpr std::uint64_t kMaxUnpacked = 512 * 1024 * 1024;  // of a zip member

// invalid_list: empty, binary, UTF-16, a zip without exactly one list, a header without the needed columns, or not one
// readable row; invalid_argument where names come without a date. `progress` hears the bytes done, now and then.
engine::Result<DeletionList> read_deletion_list(std::string_view bytes, const ListFormat& format,
                                                const std::function<void(std::size_t)>& progress = {});

}  // namespace formats
