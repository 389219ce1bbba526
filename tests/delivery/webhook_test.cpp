#include "tools/delivery/webhook.hpp"

#include <doctest/doctest.h>

#include "tests/support/receiver.hpp"

using delivery::Webhook;

TEST_CASE("webhook: the signature is HMAC-SHA256 over timestamp, id and body") {
  // printf '1785542400.17.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
  CHECK(delivery::webhook_signature("0123456789abcdef", 1785542400, "17", "{\"a\":1}") ==
        "aab5e944e4944021253519e58c68fef68556bb463cabe16e4ba43fee5c37275f");
}

TEST_CASE("webhook: any 2xx is an acknowledgement; everything else is said, and no redirect is followed") {
  support::Receiver receiver;
  Webhook webhook(std::chrono::seconds(10));
  receiver.answer_next({200, 204, 302, 404, 500, 0});
  const auto post = [&] { return webhook.post({receiver.url(), "17", "{}", 1}); };
  CHECK_FALSE(post());
  CHECK_FALSE(post());
  CHECK(post() == "the receiver answered 302");
  CHECK(post() == "the receiver answered 404");
  CHECK(post() == "the receiver answered 500");
  CHECK(post());
  REQUIRE(receiver.posts().size() == 6);
  CHECK(receiver.posts().front().headers.at("dropledger-notice") == "17");
  CHECK_FALSE(receiver.posts().front().headers.contains("dropledger-signature"));
}

TEST_CASE("webhook: nobody there is said, not thrown") {
  std::string url;
  {
    const support::Receiver gone;
    url = gone.url();
  }
  Webhook webhook(std::chrono::seconds(10));
  CHECK(webhook.post({url, "17", "{}", 1}).has_value());
  CHECK(webhook.post({"http://example.com/", "17", "{}", 1})->find("not http:// to this machine") != std::string::npos);
}
