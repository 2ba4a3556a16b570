# Ouro. `make help` lists what people type.

# --- knobs -----------------------------------------------------------------

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
STRICT  ?=
# People run the fast build; developers get the one that debuggers like.
MODE    ?= $(if $(filter run install bench,$(MAKECMDGOALS)),release,debug)
MODES   := debug release asan tsan stress memcheck cover fuzz

ifeq ($(filter $(MODE),$(MODES)),)
$(error MODE=$(MODE) is none of: $(MODES))
endif
ifeq ($(origin CC),default)
CC := gcc
endif
# The runtime's small functions are in files of their own, because each can be
# replaced by a learner's; for speed they are put into their callers again when
# the programs of the runtime are linked. -O3 puts more of them there, the
# parameter as many again; its calls of memset() for loops over two or three
# fields would cost more than they do.
LTO := $(if $(filter gcc%,$(notdir $(CC))),$(if $(filter release,$(MODE)),-flto=auto -O3 \
	--param inline-unit-growth=100 -fno-tree-loop-distribute-patterns))
AR  := $(if $(LTO),gcc-ar,ar)
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

# --- flags -----------------------------------------------------------------

B := build/$(MODE)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wcast-qual -Wpointer-arith -Wwrite-strings -Wundef -Wswitch-enum \
	-Wimplicit-fallthrough -Wnull-dereference $(if $(STRICT),-Werror)

MODE_debug   := -Og -g3
MODE_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
MODE_asan    := -O1 -g -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined -fno-omit-frame-pointer
MODE_tsan    := -O1 -g -fsanitize=thread
MODE_stress  := -O1 -g -fsanitize=address -DRT_GC_IS_STRESSED=true
MODE_memcheck := -Og -g3 -DRT_HEAP_IS_BYPASSED=true
MODE_cover   := -O0 -g --coverage
MODE_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined

CFLAGS ?=
ALL_CFLAGS := @compile_flags.txt $(WARN) $(MODE_$(MODE)) -MMD -MP $(CFLAGS)
ALL_LDFLAGS := -pthread $(MODE_$(MODE)) -Wl,--as-needed $(LDFLAGS)

LIBS_core   := -lutf8proc -lstemmer -lm
LIBS_io     := -lyaml -lsqlite3 -ledit -lmd4c -ljansson
LIBS_grader := -lseccomp -ljansson

# A lab's parts are built the same way in every mode: the grader compiles the
# learner's file with these flags, too (grader/compile.c).
PART_CFLAGS := @compile_flags.txt -Wall -Wextra -O0 -g1 -fPIC -MMD -MP
PART_asan   := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	       -fno-omit-frame-pointer
# What judges a part is built to be fast. The frame pointers let a trace come
# through it; undefined behaviour is looked for in the part alone, for the tables
# of what else could have any are three times as large as all the rest.
REST_CFLAGS := $(PART_CFLAGS) -O2 -fno-omit-frame-pointer
REST_asan   := -fsanitize=address
# Clang has them in each program anyway. No code of the leaf asks for those of
# undefined behaviour, but the learner's part does.
STATIC_asan := $(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan \
	-Wl,-u,__ubsan_handle_add_overflow)

# --- what there is to build ------------------------------------------------

obj = $(patsubst %.c,$B/%.o,$(wildcard $(1)))

CORE    := $B/libcore.a
IO      := $B/libio.a
CMD     := $B/libcmd.a
GRADER  := $B/libgrader.a
RUNTIME := $B/libruntime.a
FAST    := $B/libruntime-fast.a
SUPPORT := $B/libsupport.a

PROGRAMS := $B/ouro $B/ouro-grade $B/rt-script $B/rt-bench
MO       := $B/locale/ru/LC_MESSAGES/ouro.mo
LABS     := $(patsubst labs/%/lab.yaml,%,$(wildcard labs/*/lab.yaml))
LAB_PARTS := $(foreach lab,$(LABS),$(addprefix $B/labs/$(lab)/, \
	lab.so lab.asan.so part.so part.asan.so stub.so libc.so \
	lab.manifest))
LEAVES   := $B/labs/leaf $B/labs/leaf.asan $B/labs/builder
# Each mapping costs every process of a case something, at its beginning and at
# its end.
LEAF_LDFLAGS := -Wl,-z,noseparate-code
LEAF_SOURCES := grader/leaf.c grader/leaf_case.c grader/snapshot.c \
	grader/trace.c grader/delay.c grader/filter.c grader/rules.c
# What is known of gcc's inner programs when the labs are built, and the headers
# that learners' files include.
LAB_TOOLS := $B/labs/tools $(patsubst %,$B/labs/include/%,$(wildcard labs/runtime/*.h))

# What the fast files have to do with is tried with either form.
FAST_TESTS := $(addprefix $B/tests/labs/fast/,test_gc test_gc_large test_weakref test_proxy \
	test_method test_copy test_odict test_set test_gc_untrack test_gc_legacy \
	test_gc_debug test_object_assert test_compat test_function test_shutdown test_trash \
	test_dict test_dict_iter test_dict_methods test_dict_view test_sizeof \
	test_coroutine test_future test_task test_async_queue test_async_sync)
# Whatever talks to the kernel is tried with one that does all it may do, too
# (tests/faults/faults.h). These calls go through there.
FAULTY_CALLS := accept accept4 clock_gettime close connect epoll_create1 \
	epoll_pwait2 eventfd fork ppoll read recv recvmsg sem_clockwait \
	sem_wait send sendmsg shm_open socket socketpair syscall waitid \
	waitpid write
FAULT_TESTS := $(addprefix $B/tests/faults/,test_child_watch \
	test_executor test_gil test_gil_io test_gil_release test_http test_loop \
	test_loop_debug test_loop_executor test_loop_poll test_loop_signal \
	test_manager test_pool_future test_pool_wait test_process \
	test_process_condition test_process_pool test_process_queue \
	test_process_semaphore test_shared_memory test_stream_server \
	test_thread test_thread_barrier test_thread_condition \
	test_thread_event test_thread_lock test_thread_queue \
	test_thread_semaphore)
TESTS := $(patsubst %.c,$B/%,$(shell find tests -name 'test_*.c')) \
	$(FAST_TESTS) $(FAULT_TESTS)
# Calls cannot be renamed in what is compiled only when it is linked.
TESTS := $(if $(LTO),$(filter-out $B/tests/faults/%,$(TESTS)),$(TESTS))
RUNTIME_TESTS := $(filter $B/tests/labs/runtime/% $B/tests/labs/fast/%,$(TESTS))
# Tests of the heap itself look at memory that is free, or nobody's.
CHECKED_TESTS := $(foreach test,$(filter-out \
	%/test_alloc %/test_freelist %/test_heap %/test_heap_batch,$(RUNTIME_TESTS)), \
	$(if $(findstring test_$(ONLY),$(test)),$(test)))
BENCHES := $(patsubst %.c,$B/%,$(wildcard tests/bench/bench_*.c))
FUZZERS := $(patsubst %.c,$B/%,$(wildcard tests/fuzz/fuzz_*.c))
SLOW_TESTS := $(filter $B/tests/cli/% $B/tests/hostile/% \
	$B/tests/labs/test_labs $B/tests/conformance/% \
	$B/tests/content/test_facts,$(TESTS))

SOURCES := $(shell find quiz grader labs tests -name '*.c')
HEADERS := $(shell find quiz grader labs tests -name '*.h')
# Learners' files of every quality are not ours to tidy; and not every machine
# has the headers that the peer needs.
OURS := $(filter-out %/starter.c \
	$(filter-out tests/hostile/test_%,$(wildcard tests/hostile/*.c)) \
	$(wildcard tests/hostile/defects/*.c) \
	$(wildcard labs/*/mutants/*) $(wildcard labs/*/alternatives/*) \
	tests/labs/mutate_fixture.c tests/bench/peer.c tests/bench/peer_gil.c tests/bench/peer_libuv.c, \
	$(SOURCES))

# --- how -------------------------------------------------------------------

all: $(PROGRAMS) $(MO) labs ## build the programs and the labs
labs: $(LAB_PARTS) $(LEAVES) $(LAB_TOOLS) ## build what the labs are judged with

$B/%.o: %.c compile_flags.txt Makefile
	@mkdir -p $(@D)
	@echo '  CC    $<'
	@$(CC) $(ALL_CFLAGS) -c -o $@ $<

$B/labs/runtime/%.o $B/labs/bench/%.o $B/labs/script/%.o: ALL_CFLAGS += $(LTO)
$B/quiz/main.o $B/grader/main.o: ALL_CFLAGS += -DOURO_VERSION='"$(VERSION)"'

$(CORE):    $(call obj,quiz/core/*.c)
$(IO):      $(call obj,quiz/io/*.c)
$(CMD):     $(call obj,quiz/cmd/*.c)
$(GRADER):  $(filter-out $(addprefix $B/grader/,main.o builder.o stub.o leaf.o \
	leaf_case.o snapshot.o trace.o),$(call obj,grader/*.c))
$(RUNTIME): $(call obj,labs/runtime/*.c)
# The files in fast/ take the place of those that are written to be read.
$(FAST):    $(call obj,labs/runtime/fast/*.c) $(filter-out \
	$(addprefix $B/labs/runtime/,gc_tracking.o gc_check.o dict.o \
	dict_tracking.o dict_methods.o hash_bytes.o), \
	$(call obj,labs/runtime/*.c))
$(SUPPORT): $(call obj,tests/support/*.c)
$(CORE) $(IO) $(CMD) $(GRADER) $(RUNTIME) $(FAST) $(SUPPORT):
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^

$B/ouro: $B/quiz/main.o $(CMD) $(IO) $(CORE) $(GRADER)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_io) $(LIBS_core) $(LIBS_grader)
$B/ouro-grade: $B/grader/main.o $(GRADER)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_grader)

$B/rt-script $B/rt-bench: ALL_LDFLAGS += $(LTO)
$B/rt-script: $(call obj,labs/script/*.c) $(FAST)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^

# The same with the collector that the labs show.
$B/tests/conformance/rt-script: $(call obj,labs/script/*.c) $(RUNTIME)
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^
$B/tests/conformance/test_conformance: | $B/tests/conformance/rt-script

$B/rt-bench: $(call obj,labs/bench/*.c) $(FAST)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^
$B/tests/labs/bench/test_echo: | $B/rt-bench

$(MO): quiz/po/ru.po
	@mkdir -p $(@D)
	@msgfmt -o $@ $<

# A lab: the part under test apart from the tests and the rest of the runtime,
# each plain and with sanitizers (see grader/grade.h).
replaced = $(shell sed -n 's/^replaces: *//p' labs/$(1)/lab.yaml)
part_of = $(if $(call replaced,$(1)),labs/runtime/$(call replaced,$(1)),labs/$(1)/solution.c)
rest_of = labs/testing.c labs/stage.c labs/stage_calls.c $(filter-out $(call part_of,$(1)),$(wildcard labs/runtime/*.c)) labs/$(1)/test.c

$B/part/plain/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(PART_CFLAGS) -c -o $@ $<
$B/part/asan/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(PART_CFLAGS) $(PART_asan) -c -o $@ $<
$B/rest/plain/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(REST_CFLAGS) -c -o $@ $<
$B/rest/asan/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(REST_CFLAGS) $(REST_asan) -c -o $@ $<

# From where a case observes is compared, too (labs/testing.h): that is a line of
# the case, not one of the copies that a compiler may make of it, nor who called it.
ONE_COPY := $(if $(findstring clang,$(CC)),-O0,-O1 -fno-thread-jumps \
	-fno-optimize-sibling-calls)
$B/rest/plain/labs/%/test.o $B/rest/asan/labs/%/test.o: REST_CFLAGS += $(ONE_COPY)

define lab_rules
$B/labs/$(1)/part.so: $(patsubst %.c,$B/part/plain/%.o,$(call part_of,$(1)))
$B/labs/$(1)/lab.so: Makefile $(patsubst %.c,$B/rest/plain/%.o,$(call rest_of,$(1)))
$B/labs/$(1)/part.asan.so: Makefile $(patsubst %.c,$B/part/asan/%.o,$(call part_of,$(1)))
$B/labs/$(1)/lab.asan.so: Makefile $(patsubst %.c,$B/rest/asan/%.o,$(call rest_of,$(1)))
$B/labs/$(1)/lab.manifest: labs/$(1)/lab.yaml $B/ouro
	@mkdir -p $$(@D)
	@$B/ouro content manifest $$< > $$@
$B/labs/$(1)/stub.so: grader/stub.c grader/stub.h $B/labs/$(1)/lab.manifest
$B/labs/$(1)/libc.so: $B/labs/$(1)/lab.manifest
endef
$(foreach lab,$(LABS),$(eval $(call lab_rules,$(lab))))

# Stands for the part until there is one (grader/stub.h).
%/stub.so:
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@gcc @compile_flags.txt -Wall -Wextra -O1 -fPIC -shared $(LEAF_LDFLAGS) -o $@ $< \
		-DSTUBS="$$(sed -n '/^exports /{s/^exports *//;s/[^ ][^ ]*/STUB(&)/g;p;}' $(@D)/lab.manifest)"
# The versions of what a lab allows of the C library, so that the linker need
# not read all of that.
%/libc.so:
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@sh labs/libc.sh $< $@

$B/labs/include/%.h: %.h
	@mkdir -p $(@D)
	@cp $< $@
# The lines of the compiler and of the assembler, as gcc would start them. In
# DWARF 5 addr2line takes a line of a header for one of the learner's file.
$B/labs/tools: Makefile
	@mkdir -p $(@D)
	@gcc '-###' -pipe -std=c11 -D_GNU_SOURCE -Iinclude -O0 -g1 -gdwarf-4 -fPIC -c learner.c \
		-o learner.o 2>&1 | sed -n 's/^ \([^ ]*cc1 .*\) |$$/\1/p;s/^ \([^ ]*as .*\)/\1/p' | \
		tr -d '"' > $@

# Without the sanitizers' libraries: they are in the leaf. What a lab calls of
# itself it calls directly, and what it has looked up nobody may write to.
%/lab.so %/lab.asan.so: LAB_LDFLAGS := -Wl,-z,now
%.so:
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@$(CC) -shared -pthread $(LEAF_LDFLAGS) -Wl,-Bsymbolic $(LAB_LDFLAGS) -o $@ $(filter %.o,$^)

$B/labs/leaf: Makefile $(patsubst %.c,$B/rest/plain/%.o,$(LEAF_SOURCES))
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@$(CC) -Wl,-z,now $(LEAF_LDFLAGS) -o $@ $(filter %.o,$^)
$B/labs/leaf.asan: Makefile $(patsubst %.c,$B/rest/asan/%.o,$(LEAF_SOURCES))
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@$(CC) -no-pie -rdynamic -Wl,-z,now $(LEAF_LDFLAGS) $(PART_asan) $(STATIC_asan) -o $@ $(filter %.o,$^)
$B/labs/builder: Makefile $B/rest/plain/grader/builder.o
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@$(CC) -static -o $@ $(filter %.o,$^)

# A test links its own layer and those below.
$B/tests/quiz/core/%: $B/tests/quiz/core/%.o $(SUPPORT) $(CORE)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS_core)
$B/tests/quiz/io/%: $B/tests/quiz/io/%.o $(SUPPORT) $(IO) $(CORE)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS_io) $(LIBS_core)
$B/tests/grader/%: $B/tests/grader/%.o $(SUPPORT) $(GRADER)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS_grader)
$B/tests/labs/runtime/%: $B/tests/labs/runtime/%.o $(SUPPORT) $(RUNTIME)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka
$B/tests/labs/fast/%: $B/tests/labs/runtime/%.o $(SUPPORT) $(FAST)
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka
$B/tests/labs/fast/%: $B/tests/labs/fast/%.o $(SUPPORT) $(FAST)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka
$B/tests/faults/libruntime.a: $(RUNTIME)
	@mkdir -p $(@D)
	@objcopy $(foreach call,$(FAULTY_CALLS),--redefine-sym $(call)=faults_$(call)) $< $@
FAULTY := $(SUPPORT) $B/tests/faults/libruntime.a $B/tests/faults/faults.o
$B/tests/faults/test_shortage: $B/tests/faults/test_shortage.o $(FAULTY)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka
$B/tests/faults/%: $B/tests/labs/runtime/%.o $(FAULTY)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka
$B/tests/fuzz/%: $B/tests/fuzz/%.o $(IO) $(CORE) $(GRADER) $(RUNTIME)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_io) $(LIBS_core) $(LIBS_grader)
$B/tests/labs/test_testing $B/tests/bench/bench_verdict: $B/labs/testing.o
$B/tests/%: $B/tests/%.o $(SUPPORT) $(CMD) $(IO) $(CORE) $(GRADER) $(RUNTIME)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS_io) $(LIBS_core) $(LIBS_grader)

-include $(shell find $B -name '*.d' 2>/dev/null)

# --- what people type ------------------------------------------------------

.PHONY: all labs run test quick facts proofs variants bench mutate deps help install uninstall clean \
	format check check-format check-headers check-layers check-po \
	check-warnings fuzz fuzz-all \
	check-docs tidy cppcheck asan tsan stress valgrind memcheck ci

deps: build/.deps-$(or $(FOR),run) ## install what is missing (FOR=run, test, ci or valgrind)
build/.deps-%: .ci/deps
	@sh .ci/deps $*
	@mkdir -p build && touch $@

# An included file is made before all else, so what people start with comes to
# a machine that has everything.
ifneq ($(filter run install,$(MAKECMDGOALS)),)
include build/.deps-run
endif
ifneq ($(filter test quick asan stress bench,$(MAKECMDGOALS)),)
include build/.deps-test
endif

run: $B/ouro $B/ouro-grade $(MO) labs ## install what is missing, build and start (ARGS="quiz --lang ru")
	@$B/ouro $(ARGS)

# The slow ones first, so that at the end no processor waits for one of them.
test: all $(TESTS) ## all tests; ends with N passed, N failed, N skipped
	@sh tests/run.sh $B $(SLOW_TESTS) $(filter-out $(SLOW_TESTS),$(TESTS))
quick: all $(filter-out $(SLOW_TESTS),$(TESTS)) ## the tests that take no minute
	@sh tests/run.sh $B $(filter-out $(SLOW_TESTS),$(TESTS))
facts: $B/ouro ## what the questions say Python does, done by every Python at hand
	@python3 tests/facts.py --all --ouro $B/ouro || [ $$? -eq 77 ]
asan: ## all tests under the address and undefined sanitizers
	@$(MAKE) test MODE=asan
stress: ## the runtime's tests, with a collection at every allocation
	@$(MAKE) test-runtime MODE=stress
test-runtime: $(RUNTIME_TESTS)
	@sh tests/run.sh $B $(RUNTIME_TESTS)
valgrind: ## the runtime's tests under memcheck (ONLY=dict)
	@$(MAKE) memcheck MODE=memcheck
memcheck: $(CHECKED_TESTS)
	@OURO_BUILD=$(abspath $B) sh tests/valgrind.sh $(CHECKED_TESTS)
mutate: all ## mutate the labs' references (LAB=07_dict SAMPLE=100)
	@mkdir -p build/mutate
	@nice python3 tests/labs/mutate.py --build $B \
		$(if $(SAMPLE),--sample $(SAMPLE)) $(if $(KEEP),--keep) $(LAB)
proofs: all $(addprefix $B/tests/hostile/test_,hostile proofs) ## the grader's promises, ROUNDS times (default 50); hours
	@HOSTILE_REPEATS=$(or $(ROUNDS),50) $B/tests/hostile/test_hostile
	@PROOF_ROUNDS=$$(($(or $(ROUNDS),50) * 20)) $B/tests/hostile/test_proofs
	@python3 tests/hostile/variants.py $B
variants: all ## right files in many manners must pass
	@python3 tests/hostile/variants.py $B
bench: all $(BENCHES) ## the benchmarks: medians, and ratios to a floor
	@for bench in $(BENCHES); do $$bench || exit; done
fuzz: ## every fuzzer for SECONDS (default 60)
	@$(MAKE) fuzz-all MODE=fuzz CC=clang
fuzz-all: $(FUZZERS)
	@set -e; for fuzzer in $(FUZZERS); do \
		seeds=tests/data/$${fuzzer##*/fuzz_}; \
		mkdir -p $$fuzzer.corpus; \
		$$fuzzer -max_total_time=$(or $(SECONDS),60) -timeout=10 \
			-artifact_prefix=$$fuzzer. $$fuzzer.corpus \
			$$([ ! -d $$seeds ] || echo $$seeds); done

install: all ## into PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/locale/ru/LC_MESSAGES \
		$(DESTDIR)$(PREFIX)/share/ouro/include/labs/runtime \
		$(DESTDIR)$(PREFIX)/lib/ouro/labs
	install $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 quiz/ouro.1 grader/ouro-grade.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(MO) $(DESTDIR)$(PREFIX)/share/locale/ru/LC_MESSAGES
	install -m 644 labs/runtime/*.h $(DESTDIR)$(PREFIX)/share/ouro/include/labs/runtime
	cp -R content $(DESTDIR)$(PREFIX)/share/ouro/
	install -m 644 grader/verdict.schema.json $(DESTDIR)$(PREFIX)/share/ouro/grade.schema.json
	set -e; for lab in $(LABS); do \
		install -d $(DESTDIR)$(PREFIX)/share/ouro/labs/$$lab \
			$(DESTDIR)$(PREFIX)/lib/ouro/labs/$$lab; \
		install -m 644 labs/$$lab/lab.yaml labs/$$lab/task.*.md \
			labs/$$lab/starter.c $(DESTDIR)$(PREFIX)/share/ouro/labs/$$lab; \
		install -m 644 $B/labs/$$lab/* $(DESTDIR)$(PREFIX)/lib/ouro/labs/$$lab; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/ouro/labs/runtime
	install -m 644 labs/runtime/*.c $(DESTDIR)$(PREFIX)/share/ouro/labs/runtime
	install $(LEAVES) $(DESTDIR)$(PREFIX)/lib/ouro/labs
	install -m 644 $B/labs/tools $(DESTDIR)$(PREFIX)/lib/ouro/labs
uninstall: ## take an installed copy away
	rm -rf $(DESTDIR)$(PREFIX)/share/ouro $(DESTDIR)$(PREFIX)/lib/ouro
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,ouro ouro-grade) \
		$(addprefix $(DESTDIR)$(PREFIX)/share/man/man1/,ouro.1 ouro-grade.1) \
		$(DESTDIR)$(PREFIX)/share/locale/ru/LC_MESSAGES/ouro.mo

format: ## format every C file
	@clang-format -i $(OURS) $(HEADERS)
check-format:
	@clang-format --dry-run -Werror $(OURS) $(HEADERS)
check-headers: ## every header compiles alone
	@set -e; for header in $(HEADERS); do \
		$(CC) @compile_flags.txt $(WARN) -Werror -fsyntax-only -x c \
			-include $$header /dev/null; done
check-warnings: ## no warning from gcc or clang
	@for compiler in gcc clang; do printf '%s\n' $(OURS) | xargs -P 2 -I{} \
		$$compiler @compile_flags.txt $(WARN) -Werror -O2 \
		-DOURO_VERSION='""' -c -o /dev/null {} || exit; done
check-layers: ## the arrows between the folders
	@sh tests/check_layers.sh
check-po: ## every text is translated, and the translations fit
	@sh tests/check_po.sh
check-docs: all ## help, man page and README agree
	@sh tests/check_docs.sh $B/ouro $B/ouro-grade
tidy: ## clang-tidy, a file per process
	@printf '%s\n' $(OURS) | xargs -P 2 -n 1 clang-tidy --quiet \
		--extra-arg=-DOURO_VERSION='""' 2>/dev/null
cppcheck:
	@cppcheck --quiet --std=c11 --language=c -I. -D_GNU_SOURCE -D__x86_64__ \
		'-DElfW(type)=Elf64_\#\#type' \
		--enable=warning,performance,portability,unusedFunction \
		--inline-suppr --suppressions-list=tests/cppcheck.txt \
		--error-exitcode=1 $(OURS)
check: check-format check-headers check-warnings check-layers check-po check-docs cppcheck tidy ## all static checks
ci: ## what the machine that guards main runs
	bash .ci/run

clean: ## remove what was built
	rm -rf build
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24
