// For preparations only: SQLite's own access to files without waiting for the disk. What both sides begin with is
// brought to the disk once, when it is whole, instead of with every commit; a preparation that dies is made anew.
// Nothing measured runs in a process that has asked for this.
#pragma once

#include <string>

namespace bench {

// From here on in this process, whatever opens a database syncs nothing. REQUIRES: none has been opened yet.
void sync_nothing();
// Everything written to the disk that this folder is on.
void sync_all(const std::string& folder);

}  // namespace bench
