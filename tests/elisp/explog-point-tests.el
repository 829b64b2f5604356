;;; explog-point-tests.el --- Tests for explog-point.el  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Code:

(require 'explog-test)
(require 'explog-history)
(require 'explog-visit)
(require 'explog-point)
(require 'org-agenda)
(require 'vc-annotate)

(defvar git-commit-mode)

(defun explog-point-tests--here ()
  "Return (KIND ID STEP COMMIT) of what the point is on, or nil."
  (when-let ((point (explog-point)))
    (list (explog-point-kind point) (explog-point-id point)
          (explog-point-step point) (explog-point-commit point))))

(ert-deftest explog-point-test-in-log ()
  "In a log it is the experiment or step around, or the reference at point."
  (explog-test-with-log (concat "* Before\n" explog-test-log)
    (dolist (case '(("* Before" nil)
                    ("ABC in XYZ model" (experiment "201" nil nil))
                    ("** TODO Conclusions" (experiment "201" nil nil))
                    ("Test XYZ with ABC" (step "201" "2" nil))
                    ("Test DEF" (step "202" "1" nil))))
      (explog-test-goto (car case))
      (ert-info ((car case))
        (should (equal (cadr case) (explog-point-tests--here)))))
    (goto-char (point-max))
    (insert "see [e201.1] there")
    (search-backward "1]")
    (should (equal '(reference "201" "1" nil) (explog-point-tests--here)))))

(ert-deftest explog-point-test-elsewhere ()
  "In another buffer it is a reference, and nothing is looked for further."
  (with-temp-buffer
    (insert "loss [e7.2] and\nmore\n")
    (goto-char 8)
    (should (equal '(reference "7" "2" nil) (explog-point-tests--here)))
    (forward-line)
    (should-not (explog-point))))

(ert-deftest explog-point-test-agenda ()
  "In an agenda it is the experiment of the line."
  (explog-test-with-log explog-test-log
    (let ((marker (progn (explog-test-goto "* DONE [202]") (point-marker))))
      (with-temp-buffer
        (org-agenda-mode)
        (let ((inhibit-read-only t))
          (insert (propertize "  log: DONE [202]\n" 'org-hd-marker marker) "end\n"))
        (goto-char 5)
        (should (equal '(experiment "202" nil nil) (explog-point-tests--here)))
        (goto-char (point-max))
        (should-not (explog-point))))))

(ert-deftest explog-point-test-annotated ()
  "In an annotated file it is the commit that the line is from."
  (with-temp-buffer
    (let ((inhibit-read-only t))
      (insert "^8a99b4e1 (Ada 2026-09-22 1) import x\n"
              "fbbe9e1b  (Ada 2026-09-23 2) x.train()\n"))
    (vc-annotate-mode)
    (setq-local vc-annotate-backend 'Git)
    (should (equal '(commit nil nil "fbbe9e1b")
                   (progn (goto-char (1- (point-max))) (explog-point-tests--here))))
    (should (equal '(commit nil nil "8a99b4e1")
                   (progn (goto-char (point-min)) (explog-point-tests--here))))
    (goto-char (point-max))
    (should-not (explog-point))))

(ert-deftest explog-point-test-in-message ()
  "In the message of a commit it is what that refers to, or the reference at point."
  (with-temp-buffer
    (setq-local git-commit-mode t)
    (insert "[e201.1] and [e7]\n\nlike [e9]\n# [e5]\n")
    (setq buffer-file-name "/repository/.git/COMMIT_EDITMSG")
    (should-not (explog-visit-here-p))
    (setq buffer-file-name nil)
    (goto-char 10)
    (should (equal '(reference "201" "1" nil) (explog-point-tests--here)))
    (should (equal '(("201" . "1") ("7")) (explog-point-meant)))
    (search-forward "[e9")
    (should (equal '(("9")) (explog-point-meant)))
    (erase-buffer)
    (should-not (explog-point-meant))))

(ert-deftest explog-point-test-indirect-and-archive ()
  "A part of a log in a buffer of its own, and an archive, are logs as well."
  (explog-test-with-log explog-test-log
    (let ((indirect (make-indirect-buffer (current-buffer) "part" t)))
      (unwind-protect
          (with-current-buffer indirect
            (explog-test-goto "Test XYZ with ABC")
            (should (equal '(step "201" "2" nil) (explog-point-tests--here))))
        (kill-buffer indirect)))
    (with-current-buffer (find-file-noselect
                          (explog-test-write "log.org_archive"
                                             "#    -*- mode: org -*-\n* [7] a :exp:\n"))
      (goto-char (point-max))
      (should (equal '(experiment "7" nil nil) (explog-point-tests--here))))))

(ert-deftest explog-point-test-list-of-commits ()
  "In a list of commits it is the commit and the step that it refers to."
  (let* ((oid (make-string 40 ?a))
         (rows (list (vector oid "aaaaaaa" "/r/one" "A" 1528243004 "[e201.1] x" "1" "subject" t)
                     (vector oid "aaaaaaa" "/r/two" "A" 1528243004 "[e201] x" "" "subject" nil))))
    (save-window-excursion
      (unwind-protect
          (progn
            (explog-history--list "201" nil rows)
            (should (equal (buffer-name) "*explog commits: e201*"))
            (should (equal (list 'commit "201" "1" oid) (explog-point-tests--here)))
            (should (explog-visit-here-p))
            (forward-line)
            (should (equal (list 'commit "201" nil oid) (explog-point-tests--here)))
            (should (looking-at-p " 2018-06-05 +two +aaaaaaa +\\[e201\\] x")))
        (kill-buffer "*explog commits: e201*")))))

(ert-deftest explog-history-test-shared ()
  "One repository may have all of the commits, even if others have some."
  (cl-flet ((commit (oid repository)
              (vector oid oid repository "" 0 "" "" "subject" nil)))
    (explog-test-in-folder
      (make-directory "one")
      (make-directory "two")
      (let ((one (expand-file-name "one")) (two (expand-file-name "two")))
        (should (equal two (explog-history--shared
                            (list (commit "a" one) (commit "a" two) (commit "b" two)))))
        (should-not (explog-history--shared (list (commit "a" one) (commit "b" two))))
        (should-not (explog-history--shared (list (commit "a" (concat one "-gone")))))
        (should-not (explog-history--shared nil))))))

(provide 'explog-point-tests)
;;; explog-point-tests.el ends here
