#include "engine/domain_name.hpp"

#include <doctest/doctest.h>

using namespace engine;

TEST_CASE("names: one key for every spelling of a name") {
  struct Row {
    const char* text;
    const char* ace;
  };
  for (const Row& row : {Row{"example.com", "example.com"}, Row{"EXAMPLE.Com.", "example.com"},
                         Row{"  a.b.co.uk\t", "a.b.co.uk"}, Row{"käse.com", "xn--kse-qla.com"},
                         Row{"KÄSE.COM", "xn--kse-qla.com"}, Row{"ka\xCC\x88se.com", "xn--kse-qla.com"},
                         Row{"xn--KSE-qla.com", "xn--kse-qla.com"}, Row{"faß.de", "xn--fa-hia.de"},
                         Row{"fass.de", "fass.de"}, Row{"茶馆.com", "xn--cl1ay07b.com"}, Row{"0--q.com", "0--q.com"}}) {
    CAPTURE(row.text);
    const Result<DomainName> name = DomainName::parse(row.text);
    REQUIRE_MESSAGE(bool(name), (name ? "" : name.error().detail));
    CHECK(name.value().ace() == row.ace);
    CHECK(DomainName::parse(name.value().unicode()).value() == name.value());
  }
}

TEST_CASE("names: what is no domain name is refused") {
  const std::string label63(63, 'a'), label64(64, 'a');
  std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'a');
  CHECK(bool(DomainName::parse(name253)));
  for (const std::string& text : {std::string(),
                                  std::string("."),
                                  std::string("com"),
                                  std::string("a..com"),
                                  std::string(".com"),
                                  std::string("-a.com"),
                                  std::string("a-.com"),
                                  std::string("a_b.com"),
                                  std::string("a b.com"),
                                  std::string("a.com.."),
                                  std::string("1.2.3.4"),
                                  label64 + ".com",
                                  name253 + "a",
                                  std::string("a\0b.com", 7),
                                  std::string("\xff\xfe.com"),
                                  std::string("xn--.com"),
                                  std::string("a/b.com"),
                                  std::string("k\xC3\xA4s_e.com"),
                                  std::string("k\xC3\xA4s e.com"),
                                  std::string("a\xEF\xBC\xBF"
                                              "b.com"),
                                  std::string("A_B.COM"),
                                  std::string("a;b.com"),
                                  std::string(100'000, 'a')}) {
    CAPTURE(text.substr(0, 80));
    const Result<DomainName> name = DomainName::parse(text);
    REQUIRE_FALSE(bool(name));
    CHECK(name.error().code == ErrorCode::invalid_domain);
    CHECK(name.error().detail.size() < 200);
  }
  CHECK(parse_zone(".Com.PL").value() == "com.pl");
  CHECK(parent_zone("a.b.c") == "b.c");
  CHECK(parent_zone("c").empty());
}

TEST_CASE("names: a capital \xC3\x9F is the same letter, whatever the registry makes of it") {
  const auto name = engine::DomainName::parse("FA\xE1\xBA\x9E.de");
  REQUIRE(bool(name));
  CHECK(name.value().ace() == "xn--fa-hia.de");
  CHECK(name.value().with_ss().ace() == "fass.de");
  CHECK(engine::DomainName::parse("k\xC3\xA4se.de").value().with_ss().ace() == "xn--kse-qla.de");
}
