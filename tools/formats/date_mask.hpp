// Dates as banks, registries and vendors write them, read by a mask. Letters of a mask:
//
//   YYYY YY   year; YY is 2000 to 2099        hh h     hour, 0 to 23 (0 to 12 beside AM)
//   MM M      month                           mm ss    minute, second (60 is the next second)
//   MMM       Jan … Dec, in any case          fff      fraction of a second, any number of digits
//   DD D      day                             AM       AM or PM, in any case
//   Z         a zone: Z, UTC, GMT, +02:00, +0200, GMT-6, UTC+2, or CET CEST MET MEST EET EEST EST EDT CST CDT MST
//             MDT PST PDT AEST
//   *         anything, to the next letter that follows it
//
// Single letters (M, D, h) take one or two digits. Everything else stands for itself, a blank for one or more. The mask
// "ISO" is RFC 3339 (engine::parse_time) or a bare YYYY-MM-DD.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/result.hpp"
#include "engine/time.hpp"

namespace formats {

// A day where the mask has no hour, else an instant.
using WrittenDate = std::variant<engine::Day, engine::UtcTime>;

// The text whole by the mask; nothing where it does not fit or is no date. A time without a zone of its own is of
// `time_zone` (IANA). REQUIRES: is_time_zone(time_zone).
std::optional<WrittenDate> read_masked(std::string_view text, std::string_view mask, std::string_view time_zone);

// The first mask that fits; invalid_time names the text and the masks.
engine::Result<WrittenDate> read_date(std::string_view text, const std::vector<std::string>& masks,
                                      std::string_view time_zone);

// A time of day alone: "15:04:50", "15:04", "3:04 PM".
bool is_time_of_day(std::string_view text);

// invalid_argument where a mask has no day, such as "MM/YYYY".
engine::Status check_mask(std::string_view mask);

}  // namespace formats
