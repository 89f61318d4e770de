# RUVECTOR_SANITIZE=address;undefined | thread. For the core and its unit tests;
# test/tools/asan_run.sh shows how to run a sanitised module inside a stock server.
if(RUVECTOR_SANITIZE)
  string(REPLACE ";" "," san "${RUVECTOR_SANITIZE}")
  add_compile_options(-fsanitize=${san} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${san})
endif()
