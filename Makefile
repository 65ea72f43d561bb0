# `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=

SWIFT := swift
BUILD := .build/release
# A whole installation below a folder of our own: what the demo and the tests run.
STAGE := .build/stage
VENV := .venv
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# Debian's packages, and Python's.
BUILD_PACKAGES := binutils libaec-dev libarchive-dev libhdf5-dev libjansson-dev libjpeg62-turbo-dev libopenmpi-dev libpng-dev \
	libseccomp-dev libsqlite3-dev libsystemd-dev libwebp-dev pkgconf python3-minimal zlib1g-dev
DEB_PACKAGES := debhelper lintian
DEMO_PACKAGES := dataset-fashion-mnist
TEST_PACKAGES := chromium debootstrap fish haproxy iproute2 libc6-dev-arm64-cross libgcc-12-dev-arm64-cross librsvg2-bin mariadb-client-core \
	mariadb-server-core munge openmpi-bin openssh-server python3 python3-venv prometheus qemu-user slurm-client slurmctld slurmd slurmdbd \
	systemd-container xfsprogs zsh
PYTHON_PACKAGES := numpy onnx onnxruntime pillow prometheus-client safetensors tensorboard
PEERS := numpy torch tensorflow-cpu onnx onnxruntime openvino nncf ncnn
BENCH_VENV := .venv-bench

PROGRAMS := sqzd sqzctl sqz-runner-squeezenet sqz-runner-squeezenet-mpi sqz-slurm
SHELLS := bash zsh fish
COMPLETIONS := $(SHELLS:%=$(BUILD)/sqzctl.%)
VERSION := $(shell sed -n 's/.*current = "\(.*\)"/\1/p' Sources/SqzProtocol/Version.swift)
# Of the last release: the same sources give the same man pages, and the same package.
DATE := $(shell date -u -d "$$(sed -n 's/^ -- .*>  //p' debian/changelog | head -1)" +%F)
MANUAL := $(BUILD)/manual
PACKAGES := .build/packages
INTERFACES := $(wildcard protocol/*.varlink)

# What is installed: FILE:PLACE below PREFIX. Of these, systemd reads units, users and catalogs below /usr/local too.
INSTALLED_PROGRAMS := \
	$(BUILD)/sqzd:bin/sqzd \
	$(BUILD)/sqzctl:bin/sqzctl \
	$(BUILD)/sqz-runner-squeezenet:libexec/sqzd/runners/sqz-runner-squeezenet \
	$(BUILD)/sqz-runner-squeezenet-mpi:libexec/sqzd/sqz-runner-squeezenet-mpi \
	$(BUILD)/sqz-slurm:libexec/sqzd/sqz-slurm
UNITS := lib/systemd/system
USER_UNITS := lib/systemd/user
# Those that name a program.
MADE_UNITS := sqzd.service sqzd-metrics.service sqzd-metrics-http@.service
INSTALLED_FILES := \
	$(foreach unit,$(MADE_UNITS),systemd/$(unit).in:$(UNITS)/$(unit)) \
	$(foreach unit,sqzd.socket sqzd-metrics.timer sqzd-metrics-http.socket,systemd/$(unit):$(UNITS)/$(unit)) \
	systemd/user/sqzd.service.in:$(USER_UNITS)/sqzd.service \
	systemd/user/sqzd.socket:$(USER_UNITS)/sqzd.socket \
	systemd/sqzd.sysusers:lib/sysusers.d/sqzd.conf \
	systemd/sqzd.catalog:lib/systemd/catalog/sqzd.catalog \
	systemd/sqzd.json:share/doc/sqzd/sqzd.json \
	systemd/ranks.conf:share/doc/sqzd/ranks.conf \
	systemd/sqzd.json.5:share/man/man5/sqzd.json.5 \
	$(BUILD)/sqzctl.bash:share/bash-completion/completions/sqzctl \
	$(BUILD)/sqzctl.zsh:share/zsh/site-functions/_sqzctl \
	$(BUILD)/sqzctl.fish:share/fish/vendor_completions.d/sqzctl.fish \
	$(foreach interface,$(INTERFACES),$(interface):share/varlink/$(notdir $(interface)))
MAN_PAGES = $(notdir $(wildcard $(MANUAL)/*.[158]))
INSTALLED_FOLDERS := libexec/sqzd/runners libexec/sqzd share/doc/sqzd share/varlink

# Installs those of the named packages that are missing, and says so.
define apt-install
@missing=; for package in $(1); do \
	dpkg-query -W -f '$${db:Status-Status}\n' $$package 2>/dev/null | grep -qx installed || \
		missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
	echo "Installing with apt:$$missing"; \
	$(SUDO) apt-get -qq update && $(SUDO) apt-get -qq -y --no-install-recommends install $$missing; \
fi
endef

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: deps stage ## build, train on Fashion-MNIST for a minute, classify a picture, leave nothing behind
	$(call apt-install,$(DEMO_PACKAGES))
	@PATH="$(CURDIR)/$(STAGE)/usr/bin:$$PATH" clients/demo.sh

.PHONY: test
test: deps ## run every test: Swift, Python, and a booted systemd
	@$(MAKE) --no-print-directory -j 2 test-build test-deps
	@$(MAKE) --no-print-directory $(COMPLETIONS) $(MANUAL)/made
	SQZ_PYTHON="$(CURDIR)/$(VENV)/bin/python" $(SWIFT) test -c release --skip-build
	@$(MAKE) --no-print-directory -j 2 test-kernels test-clients

.PHONY: test-build
test-build:
	$(SWIFT) build -c release --build-tests

# Beside each other: machines that boot leave the processors time.
.PHONY: test-kernels
test-kernels:
	Tests/KernelsCross/run native
	Tests/KernelsCross/run

.PHONY: test-clients
test-clients:
	SQZD_BIN="$(CURDIR)/$(BUILD)" $(VENV)/bin/pytest -ra clients/python/tests Tests/System Tests/Torture

COUNT ?= 300
SEED ?= 1
MINUTES ?= 10

.PHONY: torture
torture: build test-deps ## kill daemon and runners COUNT times, seeded by SEED, and look for what was lost
	$(VENV)/bin/python Tests/Torture/torture.py --count $(COUNT) --seed $(SEED) --bin $(BUILD)

.PHONY: soak
soak: build test-deps ## a mixed load for MINUTES
	$(VENV)/bin/python Tests/Torture/soak.py --minutes $(MINUTES) --seed $(SEED) --bin $(BUILD)

.PHONY: fuzz
fuzz: deps ## fuzz every parser of untrusted bytes for MINUTES each
	Tests/Fuzz/run.sh $(MINUTES)

.PHONY: race
race: deps test-build ## look for data races: the daemon's tests on a daemon with the thread sanitizer
	Tests/Race/run

.PHONY: bench
bench: build ## measure the engine against PyTorch, TensorFlow, ONNX Runtime, OpenVINO and ncnn, side by side
	$(call apt-install,python3 python3-venv)
	@$(MAKE) --no-print-directory $(BENCH_VENV)/installed
	$(BENCH_VENV)/bin/python Tests/Benchmarks/compare.py $(BUILD)/sqz-bench \
		--json Tests/Benchmarks/results.json --svg Tests/Benchmarks/results.svg

.PHONY: bench-kernels
bench-kernels: build ## each kernel's share of the processor's peak, and where the time of a training step goes
	$(BUILD)/sqz-bench kernels squeezenet-cifar 32 128 0.3

.PHONY: build
build: deps ## build everything in release, with the Swift runtime linked statically
	$(SWIFT) build -c release
	@$(MAKE) --no-print-directory $(COMPLETIONS) $(MANUAL)/made

.PHONY: install
install: ## install below PREFIX (/usr/local), for packagers with DESTDIR before it; `make build` comes first
	@for entry in $(INSTALLED_PROGRAMS); do \
		install -D -s -m 755 $${entry%%:*} "$(DESTDIR)$(PREFIX)/$${entry#*:}" || exit; \
	done
	@for entry in $(INSTALLED_FILES); do \
		install -D -m 644 $${entry%%:*} "$(DESTDIR)$(PREFIX)/$${entry#*:}" || exit; \
	done
	@for page in $(MAN_PAGES); do \
		install -D -m 644 $(MANUAL)/$$page "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page" || exit; \
	done
	@sed -i 's|@PREFIX@|$(PREFIX)|' $(MADE_UNITS:%="$(DESTDIR)$(PREFIX)/$(UNITS)/%") \
		"$(DESTDIR)$(PREFIX)/$(USER_UNITS)/sqzd.service"
	@echo "Installed below $(DESTDIR)$(PREFIX)."
ifeq ($(DESTDIR),)
	@echo "To start it, as root: systemd-sysusers && journalctl --update-catalog && systemctl daemon-reload \\"
	@echo "                      && systemctl enable --now sqzd.service"
	@echo "Who may use it: usermod -aG sqzd USER"
endif

.PHONY: uninstall
uninstall: ## remove what install put there; jobs, models and data sets in /var/lib/sqzd stay
	@for entry in $(INSTALLED_PROGRAMS) $(INSTALLED_FILES); do rm -f "$(DESTDIR)$(PREFIX)/$${entry#*:}"; done
	@for page in $(MAN_PAGES); do rm -f "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page"; done
	@for folder in $(INSTALLED_FOLDERS); do \
		[ ! -d "$(DESTDIR)$(PREFIX)/$$folder" ] || rmdir --ignore-fail-on-non-empty "$(DESTDIR)$(PREFIX)/$$folder"; \
	done

.PHONY: generate
generate: deps ## write anew what is made of protocol/ and of the runner's options: types, flags, keywords
	$(SWIFT) run -c release varlink-compiler
	$(SWIFT) run -c release option-compiler

.PHONY: format
format: ## lay out the Swift code
	$(SWIFT) format format -i -r -p Package.swift Sources Tests clients

.PHONY: lint
lint: ## check the Swift code's layout and style
	$(SWIFT) format lint --strict -r -p Package.swift Sources Tests clients

.PHONY: clean
clean: ## remove what was built
	rm -rf .build $(VENV) $(BENCH_VENV)

.PHONY: deps
deps: ## install the Debian packages that a build needs
	$(call apt-install,$(BUILD_PACKAGES))

.PHONY: test-deps
test-deps: ## install what the tests need besides: Debian packages, and Python packages into .venv
	$(call apt-install,$(DEB_PACKAGES) $(DEMO_PACKAGES) $(TEST_PACKAGES))
	@$(MAKE) --no-print-directory $(VENV)/installed

.PHONY: stage
stage: build
	@$(MAKE) --no-print-directory install DESTDIR=$(STAGE) PREFIX=/usr

.PHONY: deb
deb: build ## make a Debian package, in .build/packages
	$(call apt-install,$(DEB_PACKAGES))
	@$(MAKE) --no-print-directory package

# Of what was built.
.PHONY: package
package:
	@mkdir -p $(PACKAGES)
	debian/rules binary DEB_DESTINATION=$(abspath $(PACKAGES))
	@debian/rules clean

$(PROGRAMS:%=$(BUILD)/%):
	@echo "$@ is missing: make build comes first" >&2; exit 1

# The argument parser's, and what that leaves out. zsh runs the script's end when TAB is first pressed.
$(COMPLETIONS): $(BUILD)/sqzctl $(wildcard clients/completions/*)
	@$< --generate-completion-script $(subst .,,$(suffix $@)) \
		| sed '1{/^#!/d}; /^if .*funcstack/e cat clients/completions/inside.zsh' > $@
	@cat $(wildcard clients/completions/behind$(suffix $@)) /dev/null >> $@

$(MANUAL)/made: clients/manual.py $(BUILD)/sqzctl $(BUILD)/sqzd debian/changelog
	@rm -rf $(MANUAL)
	@python3 $< $(MANUAL) $(VERSION) $(DATE) 1 $(BUILD)/sqzctl
	@python3 $< $(MANUAL) $(VERSION) $(DATE) 8 $(BUILD)/sqzd
	@touch $@

# triton comes with torch and is for GPUs; its LLVM and TensorFlow's clash.
$(BENCH_VENV)/installed: Makefile
	@echo "Installing with pip into $(BENCH_VENV): $(PEERS)"
	python3 -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install -q $(PEERS)
	$(BENCH_VENV)/bin/pip uninstall -q -y triton
	@touch $@

$(VENV)/installed: Makefile clients/python/pyproject.toml
	@echo "Installing with pip into $(VENV): $(PYTHON_PACKAGES) and what clients/python[test] names"
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q $(PYTHON_PACKAGES) -e 'clients/python[test]'
	@touch $@
