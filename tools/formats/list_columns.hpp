// Finds the layout of a list that no description fits: its separator, its header, and the columns of the name and the
// date. Found by the header's words and the first rows, never by guessing: two columns that fit equally are refused.
#pragma once

#include <optional>
#include <string_view>

#include "engine/drop.hpp"
#include "tools/formats/description.hpp"

namespace formats {

// A description made for this text (UTF-8, not packed): `provider` (name;date without a header), `csv` (a header, any
// of `;` `,` tab `|`), `rows` (name and date without a header, by place), `names`, `json`. `date_is`: what the source's
// dates are; the column that fits it counts, a specific one before `date`. A time of day beside a day is joined.
// invalid_list: no column for the name or the date, two that fit equally, a time column that belongs to no date.
engine::Result<Description> describe_list(std::string_view text, std::optional<engine::DateIs> date_is);

// The layouts of `--layout`. `csv` is describe_list() with a comma.
Description provider_layout();
Description names_layout();
engine::Result<Description> csv_layout(std::string_view text, char separator, std::optional<engine::DateIs> date_is);

}  // namespace formats
