"""Opens a page in headless Chromium without JavaScript: prints each site's words of now, and takes a picture."""

import json
import sys

from playwright.sync_api import sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]

url, picture = sys.argv[1:]
with sync_playwright() as driver:
    browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
    page = browser.new_context(java_script_enabled=False, viewport={"width": 1240, "height": 900}).new_page()
    page.goto(url)
    rows = page.locator("table.matrix tbody tr").all()
    print(json.dumps({row.locator("a").first.inner_text().strip(): row.inner_text() for row in rows}))
    page.screenshot(path=picture, full_page=True)
    browser.close()
