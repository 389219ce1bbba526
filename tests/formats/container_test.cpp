#include "tools/formats/container.hpp"

#include <doctest/doctest.h>

#include "tests/formats/packed.hpp"

using namespace formats;
using engine::ErrorCode;
using support::packed;
using support::Packing;

namespace {

Unpacked unpacked(std::string bytes, std::string_view name) {
  auto result = unpack(std::move(bytes), name, ErrorCode::invalid_list);
  REQUIRE_MESSAGE(bool(result), (result ? "" : result.error().detail));
  return std::move(result).value();
}
std::string refusal(std::string bytes) {
  const auto result = unpack(std::move(bytes), "list.bin", ErrorCode::invalid_list);
  REQUIRE_FALSE(bool(result));
  CHECK(result.error().code == ErrorCode::invalid_list);
  return result.error().detail;
}

}  // namespace

TEST_CASE("container: one file however it is packed") {
  const std::string text = "a.com;2026-08-01 17:00:00\n";
  struct Row {
    Packing packing;
    const char* file;
    const char* member;
  };
  for (const Row& row :
       {Row{Packing::gzip, "in/drops.csv.gz", "drops.csv"}, Row{Packing::xz, "drops.csv.xz", "drops.csv"},
        Row{Packing::bzip2, "drops.csv.bz2", "drops.csv"}, Row{Packing::zip, "drops.zip", "drops.csv"},
        Row{Packing::tar_gzip, "drops.tar.gz", "drops.csv"}}) {
    CAPTURE(row.file);
    const Unpacked read = unpacked(packed(row.packing, {{"drops.csv", text}}), row.file);
    REQUIRE(read.members.size() == 1);
    CHECK(read.members[0].name == row.member);
    CHECK(read.members[0].bytes == text);
  }
  const Unpacked plain = unpacked(text, "in/drops.csv");
  CHECK(plain.members.at(0).name == "drops.csv");
  CHECK(plain.members.at(0).bytes == text);
}

TEST_CASE("container: gzip files put one after the other are one file") {
  const std::string bytes = packed(Packing::gzip, {{"a", "one\n"}}) + packed(Packing::gzip, {{"b", "two\n"}});
  CHECK(unpacked(bytes, "x.gz").members.at(0).bytes == "one\ntwo\n");
}

TEST_CASE("container: what is no list is passed over and named") {
  const Unpacked read = unpacked(packed(Packing::zip, {{"lists/", ""},
                                                       {"lists/com.csv", "com"},
                                                       {"__MACOSX/lists/._com.csv", "\x05\x16"},
                                                       {"lists/net.csv", "net"},
                                                       {"README.txt", "made daily"},
                                                       {"lists/.DS_Store", "x"},
                                                       {"com.csv.sha256", "0a"}}),
                                 "all.zip");
  REQUIRE(read.members.size() == 2);
  CHECK(read.members[0].name == "com.csv");
  CHECK(read.members[1].name == "net.csv");
  CHECK(read.passed_over ==
        std::vector<std::string>{"__MACOSX/lists/._com.csv", "README.txt", "lists/.DS_Store", "com.csv.sha256"});
  CHECK(refusal(packed(Packing::zip, {{"README", "x"}})).find("README") != std::string::npos);
}

TEST_CASE("container: cut off, damaged, packed twice or without end: refused in one sentence") {
  std::string random;  // does not compress, so that a flipped bit is in the data
  for (unsigned i = 0, x = 1; i < 5000; ++i) random += static_cast<char>('a' + (x = x * 1103515245U + 12345U) % 26);
  for (const Packing packing : {Packing::gzip, Packing::xz, Packing::bzip2, Packing::zip}) {
    CAPTURE(int(packing));
    const std::string whole = packed(packing, {{"a.csv", random}});
    CHECK(refusal(whole.substr(0, whole.size() / 2)).find("cannot be unpacked") != std::string::npos);
    std::string damaged = whole;
    damaged[whole.size() / 2] = static_cast<char>(damaged[whole.size() / 2] ^ 0x10);
    CHECK(refusal(damaged).find("cannot be unpacked") != std::string::npos);
  }
  const std::string once = packed(Packing::gzip, {{"a.csv", "x"}});
  CHECK(refusal(packed(Packing::gzip, {{"a.csv.gz", once}})).find("packed twice") != std::string::npos);
  CHECK(refusal(packed(Packing::zip, {{"a.csv.gz", once}})).find("a.csv.gz") != std::string::npos);
  CHECK(refusal(once + "rubbish").find("something else") != std::string::npos);
  CHECK(refusal("PK\x03\x04rubbish").find("cannot be unpacked") != std::string::npos);
}

TEST_CASE("container: a bomb ends at the bound") {
  // 32 gzip files of 32 MiB of zeros each, one after the other: 1 GiB in 1 MB.
  const std::string zeros = packed(Packing::gzip, {{"z", std::string(32U << 20U, '\0')}});
  std::string bomb;
  for (int i = 0; i < 32; ++i) bomb += zeros;
  CHECK(refusal(bomb).find("more than 512 MiB") != std::string::npos);
}
