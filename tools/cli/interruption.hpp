// A first SIGINT or SIGTERM asks a long command to stop where nothing is half done; a second one ends it at once.
#pragma once

namespace cli {

void stop_on_signals();    // for the rest of the process
bool interrupted();        // a signal came; false before stop_on_signals()
int interrupted_status();  // exit status of an interrupted command: 128 + signal

}  // namespace cli
