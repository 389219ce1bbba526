# Puts the Debian packages of this build together and looks at them: lintian finds no error, the program is stripped, its
# symbols are apart, and what belongs into them is there.
#   cmake -D build=BUILD -D scratch=FOLDER -P deb.cmake
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})
execute_process(COMMAND ${CMAKE_CPACK_COMMAND} -G DEB --config ${build}/CPackConfig.cmake -B ${scratch}
  OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "cpack ended with ${failed}: ${said}")
endif()

function(content_of name pattern variable)
  file(GLOB found ${scratch}/${pattern})
  list(LENGTH found count)
  if(NOT count EQUAL 1)
    message(FATAL_ERROR "${name}: expected one ${pattern}, found '${found}'")
  endif()
  execute_process(COMMAND dpkg-deb --contents ${found} OUTPUT_VARIABLE content COMMAND_ERROR_IS_FATAL ANY)
  set(${variable} "${content}" PARENT_SCOPE)
endfunction()
content_of(program dropledger_*.deb program)
content_of(symbols dropledger-dbgsym_*.ddeb symbols)
content_of(libraries libdropledger-dev_*.deb libraries)
foreach(wanted IN ITEMS /usr/bin/dropledger /usr/lib/dropledger/backup /lib/systemd/system/dropledger.service
        /lib/systemd/system/dropledger-sweep.timer /etc/logrotate.d/dropledger /etc/default/dropledger
        /usr/share/doc/dropledger/copyright /usr/share/doc/dropledger/examples/environment)
  if(NOT program MATCHES " \\.${wanted}\n")
    message(FATAL_ERROR "dropledger has no ${wanted}:\n${program}")
  endif()
endforeach()
if(NOT symbols MATCHES "/usr/lib/debug/\\.build-id/")
  message(FATAL_ERROR "no debug symbols apart:\n${symbols}")
endif()
foreach(wanted IN ITEMS libdropledger_engine.a include/dropledger/engine/money.hpp cmake/dropledger/dropledgerConfig.cmake)
  if(NOT libraries MATCHES "/${wanted}\n")
    message(FATAL_ERROR "libdropledger-dev has no ${wanted}:\n${libraries}")
  endif()
endforeach()

file(GLOB packages ${scratch}/*.deb)
execute_process(COMMAND lintian --fail-on error --suppress-tags initial-upload-closes-no-bugs ${packages}
  OUTPUT_VARIABLE said ERROR_VARIABLE trouble RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "lintian ended with ${failed}:\n${said}${trouble}")
endif()
message(STATUS "${said}")
