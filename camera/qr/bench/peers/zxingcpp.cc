// Reads pictures from standard input and answers with JSON lines; see peers.go.
#define ZX_USE_UTF8 1
#include <ZXing/ReadBarcode.h>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

static void quote(const std::string &s) {
	putchar('"');
	for (unsigned char c : s) {
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

int main() {
	uint32_t wh[2];
	std::vector<uint8_t> pix;
	while (fread(wh, 4, 2, stdin) == 2) {
		pix.resize(size_t(wh[0]) * wh[1]);
		if (fread(pix.data(), 1, pix.size(), stdin) != pix.size())
			return 1;
		ZXing::ImageView view(pix.data(), wh[0], wh[1], ZXing::ImageFormat::Lum);
		ZXing::DecodeHints hints;
		hints.setFormats(ZXing::BarcodeFormat::QRCode).setTryHarder(true).setTryRotate(true);
		timespec a, b;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		auto results = ZXing::ReadBarcodes(view, hints);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		printf("{\"texts\":[");
		bool first = true;
		for (auto &r : results) {
			if (!r.isValid())
				continue;
			if (!first)
				putchar(',');
			first = false;
			quote(r.text());
		}
		printf("],\"ms\":%.3f}\n", (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6);
		fflush(stdout);
	}
}
