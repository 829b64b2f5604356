;;; explog-lab-tests.el --- Tests of what others have published  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; How hits of a group are told from one's own.  That they come is tested in
;; a real Emacs, with a real database.

;;; Code:

(require 'explog-test)
(require 'explog-lab)
(require 'explog-search)

(defun explog-lab-tests--hit (kind members &rest slots)
  "Return a hit of KIND of experiment 201 that MEMBERS have published.
SLOTS is a plist of :commit, :page, :title and :file."
  (vector kind "201" nil (or (plist-get slots :title) "Dropout") "found"
          (or (plist-get slots :file) "log.org") nil "model"
          (plist-get slots :commit) nil members (plist-get slots :page) 7))

(ert-deftest explog-lab-test-whose-it-is ()
  "What others have has their names, and is in no group of one's own."
  (let* ((commit (make-string 40 ?a))
         (own (vector "step" "201" "1" "Mine" "found" "/log.org" 3 nil nil nil))
         (merged (vconcat own '("" nil nil)))
         (ada (explog-lab-tests--hit "step" "ada"))
         (both (explog-lab-tests--hit "commit" "ada, bob" :commit commit)))
    (should-not (explog-search-members own))
    (should-not (explog-search-members merged))
    (should (explog-search--same-p own merged))
    (should-not (explog-search--same-p own ada))
    (should (equal '("log.org:3" "log.org:3" "ada: log.org" "ada, bob: model aaaaaaa")
                   (mapcar #'explog-search-where (list own merged ada both))))
    (should (equal `(("201" ,own ,merged) (("201" "ada") ,ada) (("201" "ada, bob") ,both))
                   (explog-search-groups (list own ada merged both))))
    (should (equal "201 Mine" (explog-search-group-title "201" (list own))))
    (should (equal "201 Dropout (ada)" (explog-search-group-title '("201" "ada") (list ada))))
    (should (equal "201 (ada, bob)"
                   (explog-search-group-title '("201" "ada, bob") (list both))))
    (should (plist-get (explog-search--point merged) :id))
    (should-not (explog-search--point ada))))

(ert-deftest explog-lab-test-merged ()
  "Hits of others join one's own, and whoever moved to a hit stays on it."
  (let* ((own (mapcar (lambda (step) (vector "step" "201" step "Mine" step "/log.org" 3 nil nil nil))
                      '("1" "2")))
         (merged (mapcar (lambda (hit) (vconcat hit '("" nil nil))) own))
         (hits (vconcat (list (explog-lab-tests--hit "step" "ada")) merged)))
    (save-window-excursion
      (unwind-protect
          (progn
            (explog-search--show "abc" (list 2 t (vconcat own) "" "" t) "asking the group")
            (switch-to-buffer "*explog search*")
            (should (string-prefix-p "abc: 2 found (asking the group)\n" (buffer-string)))
            (explog-search-next)
            (should (equal (cadr own) (explog-search--hit-at-point)))
            (explog-search--show "abc" (list 3 t hits "" ""))
            (should (equal (cadr merged) (explog-search--hit-at-point)))
            (should (string-prefix-p "abc: 3 found\n" (buffer-string)))
            (should (string-match-p "^201 Dropout (ada)$" (buffer-string))))
        (kill-buffer "*explog search*")))))

(ert-deftest explog-lab-test-pages ()
  "Only a page of the web is opened."
  (let ((commit (make-string 40 ?a)) opened)
    (cl-letf (((symbol-function 'browse-url) (lambda (page &rest _) (push page opened))))
      (dolist (page '(nil "" "file:///etc/passwd" "javascript:x" "https://a b" "https://a\nb"
                          "-https://a" "ftp://a" "https://a\"b"))
        (should-error (explog-lab-visit (explog-lab-tests--hit "commit" "ada" :commit commit
                                                               :page page))
                      :type 'user-error))
      (should-not opened)
      (explog-lab-visit (explog-lab-tests--hit "commit" "ada" :commit commit
                                               :page "https://example.org/c/a"))
      (should (equal '("https://example.org/c/a") opened)))))

(ert-deftest explog-lab-test-text-of-others-is-text ()
  "What others have published is shown as it is, and runs nothing."
  (let ((text (concat "[[elisp:(error)]] #+STARTUP: latexpreview\n# Local " "Variables:\n"
                      "# eval: (error)\n# End:\n" (make-string 10000 ?x))))
    (unwind-protect
        (with-current-buffer (explog-lab--buffer)
          (explog-lab--fill (current-buffer) '("201" 7 "../log.org" "ada")
                            (list (vector "note" nil "Dropout" text)))
          (should (equal (concat "e201 in log.org of ada\n\nnote\n" text "\n") (buffer-string)))
          (should buffer-read-only)
          (should-not (derived-mode-p 'org-mode))
          (explog-lab--answered (current-buffer) '("999" 7 "log.org" "ada") nil "late")
          (should (string-prefix-p "e201" (buffer-string))))
      (kill-buffer (explog-lab--buffer)))))

(provide 'explog-lab-tests)
;;; explog-lab-tests.el ends here
