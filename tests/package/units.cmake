# The units that the package brings: systemd can read them, every timer has its service and catches up on what it missed,
# and each service is confined.
#   cmake -D units=FOLDER -D program=DROPLEDGER -D scratch=FOLDER -P units.cmake
cmake_minimum_required(VERSION 3.25)
# systemd-analyze looks whether what a unit starts is there: a copy names this build's program and scripts.
file(REMOVE_RECURSE ${scratch})
file(GLOB files ${units}/*)
list(LENGTH files count)
if(count LESS 11)
  message(FATAL_ERROR "expected 6 services and 5 timers, found ${files}")
endif()
cmake_path(GET units PARENT_PATH package)
foreach(file IN LISTS files)
  file(READ ${file} text)
  string(REPLACE "/usr/bin/dropledger" "${program}" text "${text}")
  string(REPLACE "/usr/lib/dropledger/" "${package}/" text "${text}")
  cmake_path(GET file FILENAME name)
  file(WRITE ${scratch}/${name} "${text}")
endforeach()

file(GLOB copies ${scratch}/*)
execute_process(COMMAND ${CMAKE_COMMAND} -E env SYSTEMD_UNIT_PATH=${scratch}: systemd-analyze verify --man=no ${copies}
  OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE failed)
# It also reads the machine's own units; what it says of those is not ours.
string(REGEX MATCHALL "[^\n]*dropledger[^\n]*" ours "${said}")
if(ours)
  message(FATAL_ERROR "systemd-analyze verify (${failed}):\n${said}")
endif()

foreach(file IN LISTS files)
  cmake_path(GET file EXTENSION LAST_ONLY kind)
  cmake_path(GET file STEM LAST_ONLY name)
  file(READ ${file} text)
  if(kind STREQUAL ".timer")
    if(NOT text MATCHES "\nPersistent=true\n" OR NOT EXISTS ${units}/${name}.service)
      message(FATAL_ERROR "${name}.timer: Persistent=true is missing, or ${name}.service")
    endif()
    continue()
  endif()
  # 4.9 and less is "OK" in its own words.
  execute_process(COMMAND systemd-analyze security --offline=true --threshold=49 --no-pager ${file}
    OUTPUT_VARIABLE said ERROR_VARIABLE trouble RESULT_VARIABLE failed)
  if(failed OR NOT said MATCHES "Overall exposure level for [^:]*: ([0-9.]+) OK")
    message(FATAL_ERROR "${name}: systemd-analyze security ended with ${failed}:\n${said}${trouble}")
  endif()
  message(STATUS "${name}: exposure ${CMAKE_MATCH_1}")
endforeach()
