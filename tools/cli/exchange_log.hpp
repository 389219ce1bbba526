// The exchanges with the provider, one JSON object a line, appended:
// {"at":"2026-08-02T18:00:01.250Z","environment":"ote 1234","command":"AddDomainApplication",
// "request":"…","delivery":"answered","code":200,"text":"Command completed
// successfully","answer":"…","attempt":1,"ms":84,"pid":4711}. Secrets are gone before they come here.
#pragma once

#include <memory>
#include <string>

#include "api_client/session_client.hpp"

namespace cli {

// "-" is stderr; a file is made readable by its owner alone. Throws CommandError (file_not_found) where it cannot be
// written.
std::unique_ptr<api_client::ExchangeLog> open_exchange_log(const std::string& path);

}  // namespace cli
