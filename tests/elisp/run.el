;;; run.el --- Run ERT suites in batch Emacs  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; emacs -Q --batch -l tests/elisp/init.el -l tests/elisp/run.el FILE...
;;
;; Exits 0 if all tests of the files passed or were skipped, 1 if one
;; did not pass, 2 if there was none to run.

;;; Code:

(require 'ert)

(defun explog-test-run (files)
  "Load FILES, run the tests that they define, and exit."
  (dolist (file files)
    (load (expand-file-name file) nil t t))
  (when (null (ert-select-tests t t))
    (message "No tests in %s" (string-join files ", "))
    (kill-emacs 2))
  (ert-run-tests-batch-and-exit))

(let ((files command-line-args-left))
  (setq command-line-args-left nil)
  (explog-test-run files))

(provide 'run)
;;; run.el ends here
