#include "tools/formats/container.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

namespace formats {
namespace {

using engine::Error;
using engine::Result;

constexpr std::string_view kGzip = "\x1F\x8B", kBzip2 = "BZh", kXz{"\xFD\x37zXZ\0", 6};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::string_view base_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

bool is_zip(std::string_view bytes) {
  return bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06") || bytes.starts_with("PK\x07\x08");
}
bool is_compressed(std::string_view bytes) {
  return bytes.starts_with(kGzip) || bytes.starts_with(kXz) ||
         (bytes.starts_with(kBzip2) && bytes.size() > 3 && bytes[3] >= '1' && bytes[3] <= '9');
}
bool is_tar(std::string_view bytes) { return bytes.size() > 262 && bytes.substr(257, 5) == "ustar"; }

bool is_passed_over(std::string_view path) {
  const std::string name = lower(base_name(path));
  if (path.starts_with("__MACOSX/") || path.find("/__MACOSX/") != std::string_view::npos) return true;
  if (name.empty() || name.starts_with('.') || name == "thumbs.db" || name == "desktop.ini") return true;
  constexpr std::string_view kBeginnings[] = {"readme",   "read_me", "read me", "read-me",
                                              "liesmich", "license", "licence"};
  constexpr std::string_view kEndings[] = {".md5", ".sha1", ".sha256", ".sha512", ".sig", ".asc", ".md", ".pdf"};
  return std::ranges::any_of(kBeginnings, [&](std::string_view beginning) { return name.starts_with(beginning); }) ||
         std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string name_inside(std::string_view file_name) {
  std::string_view name = base_name(file_name);
  const std::string small = lower(name);
  for (const std::string_view ending : {".gz", ".xz", ".bz2", ".gzip"}) {
    if (small.ends_with(ending)) return std::string(name.substr(0, name.size() - ending.size()));
  }
  return std::string(name);
}

class Unpacker {
 public:
  Unpacker(std::string_view file_name, engine::ErrorCode code) : file_name_(file_name), code_(code) {}

  // gzip by zlib itself, for libarchive does not compare the checksum of a gzip file.
  Result<std::string> gunzip(std::string_view bytes) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return refused("there is no memory to unpack it");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> owned(&stream, inflateEnd);
    std::string text;
    std::vector<char> block(256 * 1024);
    while (true) {
      // Handed over in pieces, for zlib counts in 32 bits.
      const std::size_t piece = std::min<std::size_t>(bytes.size(), 1U << 30U);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(piece);
      stream.next_out = reinterpret_cast<Bytef*>(block.data());
      stream.avail_out = static_cast<uInt>(block.size());
      const int code = inflate(&stream, Z_NO_FLUSH);
      bytes.remove_prefix(piece - stream.avail_in);
      text.append(block.data(), block.size() - stream.avail_out);
      if (text.size() > kMaxUnpacked) return too_big();
      if (code == Z_STREAM_END) {
        // Files that were put one after the other are one file (RFC 1952, 2.2); zeros are padding.
        if (bytes.find_first_not_of('\0') == std::string_view::npos) return text;
        if (!bytes.starts_with(kGzip)) return refused("after the packed file comes something else");
        inflateReset(&stream);
      } else if (code == Z_BUF_ERROR || (code == Z_OK && bytes.empty() && stream.avail_out != 0)) {
        return refused("it is cut off: the packed file does not end");
      } else if (code != Z_OK) {
        return refused(std::string("it is damaged: ") + (stream.msg != nullptr ? stream.msg : "not gzip"));
      }
    }
  }

  // xz, bzip2 and archives.
  Result<Unpacked> read_archive(std::string_view bytes, bool one_file) {
    const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
    archive_read_support_filter_xz(reader.get());
    archive_read_support_filter_bzip2(reader.get());
    if (one_file) {
      archive_read_support_format_raw(reader.get());
    } else {
      archive_read_support_format_zip(reader.get());
      archive_read_support_format_tar(reader.get());
    }
    if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) return damaged(reader.get());
    Unpacked unpacked;
    std::uint64_t total = 0;
    for (std::size_t count = 0;; ++count) {
      archive_entry* entry = nullptr;
      const int code = archive_read_next_header(reader.get(), &entry);
      if (code == ARCHIVE_EOF) break;
      if (code < ARCHIVE_WARN) return damaged(reader.get());
      if (count == kMaxMembers) return refused("it holds more than " + std::to_string(kMaxMembers) + " files");
      const char* path_text = one_file ? nullptr : archive_entry_pathname(entry);
      const std::string path = path_text == nullptr ? name_inside(file_name_) : path_text;
      if (archive_entry_filetype(entry) != AE_IFREG && !one_file) continue;
      if (!one_file && is_passed_over(path)) {
        unpacked.passed_over.push_back(path);
        continue;
      }
      if (archive_entry_is_encrypted(entry) == 1) return refused("'" + path + "' in it is encrypted; decrypt it first");
      Member member{std::string(base_name(path)), {}};
      while (true) {
        const void* block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int got = archive_read_data_block(reader.get(), &block, &size, &offset);
        if (got == ARCHIVE_EOF) break;
        if (got < ARCHIVE_WARN) return damaged(reader.get());
        if (got == ARCHIVE_WARN) return damaged(reader.get());  // a checksum that differs is a warning to libarchive
        total += size;
        if (total > kMaxUnpacked) return too_big();
        member.bytes.append(static_cast<const char*>(block), size);
      }
      unpacked.members.push_back(std::move(member));
    }
    return unpacked;
  }

  Error refused(const std::string& why) const { return {code_, "'" + file_name_ + "' cannot be unpacked: " + why}; }

 private:
  Error damaged(archive* reader) const {
    const char* text = archive_error_string(reader);
    return refused(std::string("it is cut off or damaged") + (text != nullptr ? ": " + std::string(text) : ""));
  }
  Error too_big() const {
    return refused("it unpacks to more than " + std::to_string(kMaxUnpacked / 1024 / 1024) + " MiB");
  }

  std::string file_name_;
  engine::ErrorCode code_;
};

}  // namespace

bool is_packed(std::string_view bytes) { return is_zip(bytes) || is_compressed(bytes) || is_tar(bytes); }

Result<Unpacked> unpack(std::string bytes, std::string_view file_name, engine::ErrorCode code) {
  Unpacker unpacker(base_name(file_name), code);
  Member whole{std::string(base_name(file_name)), std::move(bytes)};
  if (is_compressed(whole.bytes)) {
    if (whole.bytes.starts_with(kGzip)) {
      Result<std::string> text = unpacker.gunzip(whole.bytes);
      if (!text) return text.error();
      whole.bytes = std::move(text).value();
    } else {
      Result<Unpacked> one = unpacker.read_archive(whole.bytes, true);
      if (!one) return one.error();
      if (one.value().members.empty()) return unpacker.refused("it holds no file");
      whole.bytes = std::move(one.value().members.front().bytes);
    }
    whole.name = name_inside(file_name);
    if (is_compressed(whole.bytes) || is_zip(whole.bytes))
      return unpacker.refused("it is packed twice; unpack it once first");
  }
  Unpacked unpacked;
  if (!is_zip(whole.bytes) && !is_tar(whole.bytes)) {
    unpacked.members.push_back(std::move(whole));
    return unpacked;
  }
  Result<Unpacked> archive = unpacker.read_archive(whole.bytes, false);
  if (!archive) return archive.error();
  unpacked = std::move(archive).value();
  for (const Member& member : unpacked.members) {
    if (is_packed(member.bytes))
      return unpacker.refused("'" + member.name + "' in it is packed itself; unpack it once first");
  }
  if (unpacked.members.empty()) {
    std::string names;
    for (const std::string& name : unpacked.passed_over) names += (names.empty() ? "" : ", ") + name;
    return unpacker.refused("it holds no file that is read" + (names.empty() ? "" : "; passed over: " + names));
  }
  return unpacked;
}

}  // namespace formats
