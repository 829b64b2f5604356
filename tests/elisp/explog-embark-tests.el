;;; explog-embark-tests.el --- Tests of the actions of embark  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Code:

(require 'explog-test)
(require 'explog-embark)

(defvar embark-general-map)
(defvar embark-keymap-alist)
(defvar embark-target-finders)

(ert-deftest explog-embark-test-target ()
  "A reference is a target, with its bounds; other text is none."
  (with-temp-buffer
    (insert "see [e201.2] and [e201], there")
    (pcase-dolist (`(,place . ,target) '((8 explog-reference "[e201.2]" 5 . 13)
                                         (20 explog-reference "[e201]" 18 . 24)
                                         (2)))
      (goto-char place)
      (should (equal target (explog-embark-target))))))

(ert-deftest explog-embark-test-actions ()
  "A reference is inserted and copied, also from a completed experiment."
  (with-temp-buffer
    (let ((inhibit-message t) (kill-ring nil) (interprogram-cut-function nil))
      (explog-embark-insert "[e201.2]")
      (explog-embark-insert "201 ABC in XYZ")
      (should (equal "[e201.2][e201]" (buffer-string)))
      (explog-embark-copy "201 ABC in XYZ")
      (explog-embark-copy-hash "83d45cd")
      (should (equal '("83d45cd" "[e201]") kill-ring))
      (should-error (explog-embark-insert "words") :type 'user-error))))

(ert-deftest explog-embark-test-on-and-off ()
  "What is installed is taken back; a map of the user's own stays."
  (let ((embark-general-map (make-sparse-keymap))
        (embark-target-finders '(theirs))
        (embark-keymap-alist '((file . theirs) (explog-commit . mine))))
    (explog-embark-install)
    (explog-embark-install)
    (should (equal '(explog-embark-target theirs) embark-target-finders))
    (should (eq 'mine (cdr (assq 'explog-commit embark-keymap-alist))))
    (should (eq 'explog-embark-map (cdr (assq 'explog-reference embark-keymap-alist))))
    (explog-embark-uninstall)
    (should (equal '(theirs) embark-target-finders))
    (should (equal '((file . theirs) (explog-commit . mine)) embark-keymap-alist))))

(provide 'explog-embark-tests)
;;; explog-embark-tests.el ends here
