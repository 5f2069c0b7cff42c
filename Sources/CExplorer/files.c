// SPDX-License-Identifier: Apache-2.0
// The files of web/, put into the program by the compiler: no copy of them is kept anywhere else.
#include "CExplorer.h"

// C23, which clang takes in every C, and gcc from 15 on.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char app_js[] = {
#embed "web/app.js"
};
static const unsigned char bundle_set_js[] = {
#embed "web/bundle-set.js"
};
static const unsigned char bytes_js[] = {
#embed "web/bytes.js"
};
static const unsigned char dom_js[] = {
#embed "web/dom.js"
};
static const unsigned char drop_zone_js[] = {
#embed "web/drop-zone.js"
};
static const unsigned char event_stream_js[] = {
#embed "web/event-stream.js"
};
static const unsigned char evidence_view_js[] = {
#embed "web/evidence-view.js"
};
static const unsigned char evidence_js[] = {
#embed "web/evidence.js"
};
static const unsigned char growth_js[] = {
#embed "web/growth.js"
};
static const unsigned char index_html[] = {
#embed "web/index.html"
};
static const unsigned char json_js[] = {
#embed "web/json.js"
};
static const unsigned char keys_js[] = {
#embed "web/keys.js"
};
static const unsigned char live_check_js[] = {
#embed "web/live-check.js"
};
static const unsigned char log_state_js[] = {
#embed "web/log-state.js"
};
static const unsigned char log_view_js[] = {
#embed "web/log-view.js"
};
static const unsigned char lookup_view_js[] = {
#embed "web/lookup-view.js"
};
static const unsigned char merkle_js[] = {
#embed "web/merkle.js"
};
static const unsigned char note_js[] = {
#embed "web/note.js"
};
static const unsigned char path_picture_js[] = {
#embed "web/path-picture.js"
};
static const unsigned char policy_js[] = {
#embed "web/policy.js"
};
static const unsigned char proofs_js[] = {
#embed "web/proofs.js"
};
static const unsigned char record_js[] = {
#embed "web/record.js"
};
static const unsigned char sha256_js[] = {
#embed "web/sha256.js"
};
static const unsigned char source_js[] = {
#embed "web/source.js"
};
static const unsigned char style_css[] = {
#embed "web/style.css"
};
static const unsigned char tail_view_js[] = {
#embed "web/tail-view.js"
};
static const unsigned char tiles_js[] = {
#embed "web/tiles.js"
};
static const unsigned char trust_js[] = {
#embed "web/trust.js"
};
static const unsigned char verdict_js[] = {
#embed "web/verdict.js"
};

#define FILE_ENTRY(name, bytes) {name, bytes, sizeof bytes}

static const struct explorer_file files[] = {
    FILE_ENTRY("app.js", app_js),
    FILE_ENTRY("bundle-set.js", bundle_set_js),
    FILE_ENTRY("bytes.js", bytes_js),
    FILE_ENTRY("dom.js", dom_js),
    FILE_ENTRY("drop-zone.js", drop_zone_js),
    FILE_ENTRY("event-stream.js", event_stream_js),
    FILE_ENTRY("evidence-view.js", evidence_view_js),
    FILE_ENTRY("evidence.js", evidence_js),
    FILE_ENTRY("growth.js", growth_js),
    FILE_ENTRY("index.html", index_html),
    FILE_ENTRY("json.js", json_js),
    FILE_ENTRY("keys.js", keys_js),
    FILE_ENTRY("live-check.js", live_check_js),
    FILE_ENTRY("log-state.js", log_state_js),
    FILE_ENTRY("log-view.js", log_view_js),
    FILE_ENTRY("lookup-view.js", lookup_view_js),
    FILE_ENTRY("merkle.js", merkle_js),
    FILE_ENTRY("note.js", note_js),
    FILE_ENTRY("path-picture.js", path_picture_js),
    FILE_ENTRY("policy.js", policy_js),
    FILE_ENTRY("proofs.js", proofs_js),
    FILE_ENTRY("record.js", record_js),
    FILE_ENTRY("sha256.js", sha256_js),
    FILE_ENTRY("source.js", source_js),
    FILE_ENTRY("style.css", style_css),
    FILE_ENTRY("tail-view.js", tail_view_js),
    FILE_ENTRY("tiles.js", tiles_js),
    FILE_ENTRY("trust.js", trust_js),
    FILE_ENTRY("verdict.js", verdict_js),
};

size_t explorer_file_count(void) {
    return sizeof files / sizeof files[0];
}

struct explorer_file explorer_file_at(size_t place) {
    return files[place];
}
