// Archives and compressed files, made in memory for tests.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

enum class Packing { zip, tar_gzip, gzip, xz, bzip2 };

// Names and texts; names that end in / are folders. gzip, xz and bzip2 take one.
inline std::string packed(Packing packing, const std::vector<std::pair<std::string, std::string>>& members) {
  archive* writer = archive_write_new();
  const bool one_file = packing != Packing::zip && packing != Packing::tar_gzip;
  if (packing == Packing::zip)
    archive_write_set_format_zip(writer);
  else if (packing == Packing::tar_gzip)
    archive_write_set_format_ustar(writer);
  else
    archive_write_set_format_raw(writer);
  if (packing == Packing::gzip || packing == Packing::tar_gzip) archive_write_add_filter_gzip(writer);
  if (packing == Packing::xz) archive_write_add_filter_xz(writer);
  if (packing == Packing::bzip2) archive_write_add_filter_bzip2(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  std::size_t size = 16 * 1024;
  for (const auto& [name, text] : members) size += text.size() + name.size() + 4096;
  std::string bytes(size, '\0');
  std::size_t used = 0;
  REQUIRE(archive_write_open_memory(writer, bytes.data(), bytes.size(), &used) == ARCHIVE_OK);
  REQUIRE((!one_file || members.size() == 1));
  for (const auto& [name, text] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, name.ends_with('/') ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (!one_file) archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    REQUIRE(archive_write_header(writer, entry) == ARCHIVE_OK);
    REQUIRE(archive_write_data(writer, text.data(), text.size()) == static_cast<la_ssize_t>(text.size()));
    archive_entry_free(entry);
  }
  REQUIRE(archive_write_close(writer) == ARCHIVE_OK);
  archive_write_free(writer);
  bytes.resize(used);
  return bytes;
}

}  // namespace support
