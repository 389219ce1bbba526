# Installs ${build} below ${scratch}, builds ${source} against what was installed, runs it and compares what it prints.
cmake_minimum_required(VERSION 3.25)

# Empty first: a header that is no longer installed must be missed.
file(REMOVE_RECURSE ${scratch})
set(prefix ${scratch}/prefix)

function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
endfunction()
function(expect_output expected)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(NOT status EQUAL 0 OR NOT output STREQUAL expected)
    message(FATAL_ERROR "${ARGN}\nstatus ${status}\n${output}${error}\nexpected:\n${expected}")
  endif()
endfunction()

set(flags "")
if(sanitize)
  set(flags "-fsanitize=${sanitize} -fno-sanitize-recover=all")
endif()
step(${CMAKE_COMMAND} --install ${build} --prefix ${prefix})
step(${CMAKE_COMMAND} -S ${source} -B ${scratch}/build -G ${generator}
  -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_BUILD_TYPE=${build_type} -D CMAKE_CXX_FLAGS=${flags})
step(${CMAKE_COMMAND} --build ${scratch}/build)

expect_output("59.95 EUR\nxn--bcher-kva.example\n" ${scratch}/build/consumer)
expect_output("alice: 100.00 EUR\n" ${scratch}/build/host ${scratch}/book.db)
execute_process(COMMAND ${prefix}/bin/dropledger --version RESULT_VARIABLE status OUTPUT_VARIABLE output)
if(NOT status EQUAL 0 OR NOT output MATCHES "^dropledger [0-9]+\\.[0-9]+\\.[0-9]+\n$")
  message(FATAL_ERROR "the installed program says: ${output}")
endif()
