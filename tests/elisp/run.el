;;; run.el --- Run ERT suites in batch Emacs  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; emacs -Q --batch -l tests/elisp/init.el -l tests/elisp/run.el FILE... [NAME]
;;
;; NAME is a regexp: only tests whose names match it are run.  Exits 0 if all tests of the files passed or were skipped, 1 if one
;; did not pass, 2 if there was none to run.

;;; Code:

;; A suite conses much and lives for seconds: most of its time would go into collecting garbage.
(setq gc-cons-threshold (* 64 1024 1024))

(require 'ert)
(require 'seq)

(defun explog-test-run (files &optional name)
  "Load FILES, run the tests that they define, and exit.
If NAME is a regexp, run only tests whose names match it."
  (dolist (file files)
    (load (expand-file-name file) nil t t))
  (when (null (ert-select-tests (or name t) t))
    (message "No such tests in %s" (string-join files ", "))
    (kill-emacs 2))
  (ert-run-tests-batch-and-exit (or name t)))

(let ((arguments command-line-args-left)
      (file-p (lambda (argument) (string-suffix-p ".el" argument))))
  (setq command-line-args-left nil)
  (explog-test-run (seq-filter file-p arguments)
                   (car (seq-remove file-p arguments))))

(provide 'run)
;;; run.el ends here
