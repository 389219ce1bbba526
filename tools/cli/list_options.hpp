// Options for reading a list: the format, the date, the encoding.
#pragma once

#include <string>

#include "tools/cli/session.hpp"
#include "tools/formats/deletion_list.hpp"

namespace cli {

// A description by the name of a built-in one, or the path of a TOML file of the user's. REQUIRES of what is returned:
// it lives as long as the process. file_not_found, invalid_argument (names those there are).
const formats::Description& description_named(Session& session, formats::FormatKind kind, const std::string& name);

class ListOptions {
 public:
  void bind(CLI::App& app);
  // `date_is`: of the source, where it is known.
  formats::ListFormat format(Session& session, const std::string& file, std::optional<engine::DateIs> date_is) const;
  const std::string& named_format() const { return as_; }
  void name_format(const std::string& name) { as_ = name; }

 private:
  std::string as_, date_, encoding_, layout_ = "detect";
};

// Notes what was taken, what was passed over, and the first rows that cannot be read, by line.
void note_list(const Session& session, const std::string& file, const formats::DeletionList& list);

}  // namespace cli
