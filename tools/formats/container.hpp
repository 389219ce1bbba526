// Unpacks lists and statements: gzip, xz and bzip2 around one file, and zip or tar archives with several
// members. Bytes in, members out, in the order of the archive. Nothing is guessed: what is packed is told by its first
// bytes, never by its name.
//
// Passed over, and named: folders, what macOS adds (`__MACOSX/`, `._name`, `.DS_Store`), read-me and licence files,
// checksums and signatures. Bounded: kMaxUnpacked bytes and kMaxMembers members; a packed file inside a packed file is
// refused (except tar inside gzip, xz or bzip2), so nothing unpacks without end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.hpp"

namespace formats {

inline constexpr std::uint64_t kMaxUnpacked = 512 * 1024 * 1024;  // of all members together; plain files have no bound
inline constexpr std::size_t kMaxMembers = 1'000;

struct Member {
  std::string
      name{};  // as in the archive, without its folders; of a compressed file its own name without .gz, .xz, .bz2
  std::string bytes{};
};
struct Unpacked {
  std::vector<Member> members{};           // at least one
  std::vector<std::string> passed_over{};  // names in the archive
};

bool is_packed(std::string_view bytes);

// Plain bytes come back as the one member, named as the file. Refused with `code`, in one sentence: an archive that is
// cut off, damaged (checksums are compared), encrypted, too big, or without a member that is read.
engine::Result<Unpacked> unpack(std::string bytes, std::string_view file_name, engine::ErrorCode code);

}  // namespace formats
