;;; explog-steps-tests.el --- Tests for explog-steps.el  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Code:

(require 'explog-test)
(require 'explog-steps)

(defun explog-steps-tests--numbers (text &optional mode)
  "Return (NUMBER . TEXT) of the steps of the first entry in TEXT, in MODE."
  (with-temp-buffer
    (insert text)
    (funcall (or mode #'org-mode))
    (goto-char (point-min))
    (mapcar (pcase-lambda (`(,number ,start . ,_))
              (cons number (explog-steps-text start)))
            (explog-steps))))

(ert-deftest explog-steps-test-numbers ()
  "Numbers are what a reader sees."
  (pcase-dolist (`(,list . ,steps)
                 '(("1. [ ] a\n2. [X] b\n" ("1" . "a") ("2" . "b"))
                   ("3) a\n4) b (83d45cd)\n" ("3" . "a") ("4" . "b (83d45cd)"))
                   ("1. [@5] [ ] a\n2. b\n" ("5" . "a") ("6" . "b"))
                   ("1. a\n   1. b\n      - c\n   2. d\n2. e\n"
                    ("1" . "a") ("1.1" . "b") ("1.2" . "d") ("2" . "e"))
                   ;; What is in an item without a number is no step.
                   ("1. a\n   - b\n     1. c\n2. d\n" ("1" . "a") ("2" . "d"))
                   ;; Of two lists in an item the first ordered one counts.
                   ("1. a\n   - b\n   text\n   1. c\n   text\n   1. d\n"
                    ("1" . "a") ("1.1" . "c"))
                   ("- x\n\n\n1. a\n\n2. b\n\n\n1. c\n" ("1" . "a") ("2" . "b"))
                   ("#+begin_example\n1. x\n#+end_example\n:LOG:\n1. y\n:END:\n1. a\n"
                    ("1" . "a"))
                   ("- x\n- y\n")
                   ("")))
    (ert-info (list)
      (dolist (mode '(org-mode text-mode))
        (should (equal steps (explog-steps-tests--numbers
                              (concat "* [1] T :exp:\n** TODO experiments [0/2]\n" list
                                      "** Conclusions\n1. no\n")
                              mode)))))))

(ert-deftest explog-steps-test-heading ()
  "The list is beneath the named heading, else the first with checkboxes."
  (should (equal '(("1" . "b"))
                 (explog-steps-tests--numbers
                  "* [1] T :exp:\n** Plan\n1. [ ] a\n** Experiments\n1. b\n")))
  (should (equal '(("1" . "b"))
                 (explog-steps-tests--numbers
                  "* [1] T :exp:\n** Notes\n1. a\n** Plan\n1. [ ] b\n")))
  (should (equal '(("1" . "b"))
                 (explog-steps-tests--numbers
                  "* [1] T :exp:\n** [2] Experiments\n1. [ ] a\n** Plan\n1. [ ] b\n")))
  (should-not (explog-steps-tests--numbers
               "* [1] T :exp:\n** Experiments\n*** deeper\n1. [ ] a\n"))
  (should-not (explog-steps-tests--numbers "* [1] T :exp:\n* Experiments\n1. [ ] a\n")))

(ert-deftest explog-steps-test-at ()
  "A place belongs to the innermost step around it."
  (with-temp-buffer
    (insert "* [1] T :exp:\nx\n** Experiments\n1. a\n   more\n   1. b\n      note\n"
            "   of a\n2. c\n\ntext\n** Conclusions\nend\n")
    (org-mode)
    (dolist (case '(("x\n" nil) ("1. a" "1") ("more" "1") ("note" "1.1")
                    ("of a" "1") ("2. c" "2") ("text" nil) ("end" nil)))
      (let ((place (progn (goto-char (point-min)) (search-forward (car case)) (1- (point)))))
        (goto-char (point-min))
        (ert-info ((car case))
          (should (equal (cadr case) (explog-steps-at place))))))
    (goto-char (point-min))
    (should (equal (explog-steps-position "1.1")
                   (save-excursion (search-forward "   1. b") (match-beginning 0))))
    (should-not (explog-steps-position "3"))))

(provide 'explog-steps-tests)
;;; explog-steps-tests.el ends here
