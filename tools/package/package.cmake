# `cpack -G DEB` in a build makes three packages: dropledger (the program, installed as a service), dropledger-dbgsym (its
# debug symbols) and libdropledger-dev (libraries, headers, what find_package reads). Included by CMakeLists.txt.
set(package ${PROJECT_SOURCE_DIR}/tools/package)
set(dropledger_from ${PROJECT_BINARY_DIR}/package)
set(DROPLEDGER_MAINTAINER "dropledger maintainers <dropledger@example.org>" CACHE STRING "Who answers for the packages")

# Files outside the prefix belong to the package alone: `cmake --install` leaves them out.
function(packed)
  install(${ARGN} COMPONENT service EXCLUDE_FROM_ALL)
endfunction()
file(GLOB units CONFIGURE_DEPENDS ${package}/units/*)
packed(FILES ${units} DESTINATION /lib/systemd/system)
packed(PROGRAMS ${package}/first-book ${package}/backup DESTINATION lib/dropledger)
packed(FILES ${package}/default DESTINATION /etc/default RENAME dropledger)
packed(FILES ${package}/logrotate DESTINATION /etc/logrotate.d RENAME dropledger)
packed(FILES ${package}/provider.credentials DESTINATION /etc/dropledger PERMISSIONS OWNER_READ OWNER_WRITE)
packed(FILES ${package}/lintian-overrides DESTINATION share/lintian/overrides RENAME dropledger)
packed(FILES ${package}/default DESTINATION share/doc/dropledger/examples RENAME environment)

# Pages and completions are printed by the program itself when the package is put together.
set(epoch $ENV{SOURCE_DATE_EPOCH})
if(NOT epoch)
  execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} log -1 --format=%ct OUTPUT_VARIABLE epoch
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT epoch)  # no git, as in an archive of the sources
  string(TIMESTAMP epoch "%s" UTC)
endif()
execute_process(COMMAND env LC_ALL=C date --utc --date=@${epoch} --rfc-email OUTPUT_VARIABLE changelog_date
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
configure_file(${package}/changelog.in ${dropledger_from}/changelog @ONLY)
foreach(script IN ITEMS documents dev_documents)
  configure_file(${package}/${script}.cmake.in ${dropledger_from}/${script}.cmake @ONLY)
endforeach()
packed(SCRIPT ${dropledger_from}/documents.cmake)
install(SCRIPT ${dropledger_from}/dev_documents.cmake COMPONENT dev EXCLUDE_FROM_ALL)

# A package is made of two components: the program's own and the service's.
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL program service dev)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dropledger)
set(CPACK_PACKAGE_CONTACT "${DROPLEDGER_MAINTAINER}")
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)  # units and configuration stand outside the prefix
set(CPACK_STRIP_FILES OFF)  # symbols are taken apart below
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME dropledger)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_DEBUGINFO_PACKAGE ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "ca-certificates, tzdata")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "logrotate, systemd")
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "dropledger reserves money before a domain name drops, captures it when the name
is caught and gives it back when it is not. This package has the program, its
service and timers; none of them is enabled by the installation.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA ${package}/debian/postinst ${package}/debian/prerm ${package}/debian/postrm
  ${package}/debian/conffiles)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libdropledger-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libboost-dev, libcurl4-openssl-dev, libfmt-dev, libhowardhinnant-date-dev, \
libidn2-dev, libpugixml-dev, libsodium-dev, libsqlite3-dev, libsqlitecpp-dev, libtomlplusplus-dev, libunistring-dev, libzip-dev")
set(CPACK_DEBIAN_DEV_DESCRIPTION "The rules, the store, the provider's protocol and the operations of dropledger
as static libraries, with the headers and the files that find_package needs.")

include(CPack)
cpack_add_component_group(program)
cpack_add_component_group(dev)
cpack_add_component(program GROUP program)
cpack_add_component(service GROUP program)
cpack_add_component(dev GROUP dev)
