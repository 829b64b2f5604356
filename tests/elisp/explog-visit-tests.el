;;; explog-visit-tests.el --- Tests for explog-visit.el  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Code:

(require 'explog-test)
(require 'explog-visit)
(require 'xref)

(defmacro explog-visit-tests--in (buffer &rest body)
  "Do BODY in a window with BUFFER, and come back whatever happens."
  (declare (indent 1) (debug t))
  `(save-window-excursion
     (switch-to-buffer ,buffer)
     ,@body))

(defun explog-visit-tests--line ()
  "Return the text of the current line."
  (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(defun explog-visit-tests--invisible-p ()
  "Return non-nil if a reader does not see point."
  (save-excursion
    (beginning-of-line)
    (invisible-p (point))))

(ert-deftest explog-visit-test-goto ()
  "An experiment or step is found by its id, in a file that no buffer visits."
  (explog-test-in-folder
    (explog-test-write "a.org" explog-test-log)
    (explog-test-write "b.org" "* [7] Seven :exp:\n")
    (explog-visit-tests--in "*scratch*"
      (explog-visit-goto "202")
      (should (string-prefix-p "* DONE [202]" (explog-visit-tests--line)))
      (explog-visit-goto "201" "2")
      (should (equal "2. [ ] Test XYZ with ABC" (explog-visit-tests--line)))
      (explog-visit-goto "7")
      (should (equal "b.org" (buffer-name)))
      ;; And back, and back again.
      (call-interactively (if (fboundp 'xref-go-back) 'xref-go-back 'xref-pop-marker-stack))
      (should (equal "2. [ ] Test XYZ with ABC" (explog-visit-tests--line)))
      (call-interactively (if (fboundp 'xref-go-back) 'xref-go-back 'xref-pop-marker-stack))
      (should (string-prefix-p "* DONE [202]" (explog-visit-tests--line))))))

(ert-deftest explog-visit-test-no-step ()
  "Where there is no such step, the experiment is shown and it is said."
  (explog-test-with-log explog-test-log
    (explog-visit-tests--in (current-buffer)
      (explog-visit-goto "201" "9")
      (should (string-prefix-p "* TODO [201]" (explog-visit-tests--line)))
      (explog-visit-goto "201" "1")
      (should (string-prefix-p "1. [ ] Test" (explog-visit-tests--line))))))

(ert-deftest explog-visit-test-failure-leaves-nothing ()
  "An experiment that no log has is an error, and no buffer is left behind."
  (explog-test-in-folder
    (explog-test-write "a.org" explog-test-log)
    (let ((buffers (buffer-list)))
      (should-error (explog-visit-goto "999") :type 'user-error)
      ;; The index may know more than there is.
      (cl-letf (((symbol-function 'explog-visit-files)
                 (lambda (_) (list (expand-file-name "a.org")))))
        (should-error (explog-visit-goto "999") :type 'user-error))
      (cl-letf (((symbol-function 'explog-visit-files)
                 (lambda (_) (list (expand-file-name "none.org")))))
        (should-error (explog-visit-goto "999") :type 'user-error))
      (should (equal buffers (buffer-list))))))

(ert-deftest explog-visit-test-unsaved ()
  "What a buffer holds counts, saved or not."
  (explog-test-with-log explog-test-log
    (goto-char (point-max))
    (insert "* [300] New :exp:\n** Experiments\n1. [ ] one\n   1. [ ] inner\n")
    (explog-test-goto "* TODO [201]")
    (delete-region (point) (search-forward "** TODO Experiments"))
    (explog-visit-tests--in (current-buffer)
      (explog-visit-goto "300" "1.1")
      (should (equal "   1. [ ] inner" (explog-visit-tests--line)))
      (should-error (explog-visit-goto "201") :type 'user-error)
      (should (buffer-modified-p)))))

(ert-deftest explog-visit-test-narrowed ()
  "A narrowed buffer is widened only if the place is outside."
  (explog-test-with-log explog-test-log
    (explog-test-goto "* TODO [201]")
    (org-narrow-to-subtree)
    (let ((end (point-max)))
      (explog-visit-tests--in (current-buffer)
        (explog-visit-goto "201" "1")
        (should (= end (point-max)))
        (goto-char (point-min))
        (explog-visit-goto "202")
        (should-not (buffer-narrowed-p))
        (should (string-prefix-p "* DONE [202]" (explog-visit-tests--line)))
        (should (= (mark t) (save-excursion (explog-test-goto "* TODO [201]") (point))))))))

(ert-deftest explog-visit-test-folded ()
  "What is folded is shown, up to the place."
  (explog-test-with-log explog-test-log
    (explog-visit-tests--in (current-buffer)
      (dolist (visit '(("201") ("201" "2") ("202" "1")))
        (org-overview)
        (apply #'explog-visit-goto visit)
        (ert-info ((format "%S" visit))
          (should-not (explog-visit-tests--invisible-p)))))))

(ert-deftest explog-visit-test-several ()
  "In several logs, or twice in one, it is asked which; an archive does not count."
  (explog-test-in-folder
    (explog-test-write "a.org" "* [5] Five of a :exp:\n* [6] Six :exp:\n* [6] Sixth :exp:\n")
    (explog-test-write "b.org" "* [5] Five of b :exp:\n")
    (explog-test-write "b.org_archive" "* [5] old :exp:\n* [4] gone :exp:\n")
    (explog-visit-tests--in "*scratch*"
      (let (asked)
        (cl-letf (((symbol-function 'completing-read)
                   (lambda (_ table &rest _)
                     (let ((choices (all-completions "" table)))
                       (setq asked (mapcar #'file-name-nondirectory choices))
                       (cadr choices)))))
          (explog-visit-goto "5")
          (should (equal asked '("a.org" "b.org")))
          (should (equal "* [5] Five of b :exp:" (explog-visit-tests--line)))
          (explog-visit-goto "6")
          (should (equal asked '("2: Six" "3: Sixth")))
          (should (equal "* [6] Sixth :exp:" (explog-visit-tests--line)))
          (setq asked nil)
          (explog-visit-goto "4")
          (should-not asked)
          (should (equal "* [4] gone :exp:" (explog-visit-tests--line))))
        ;; Giving up the question leaves nothing.
        (kill-buffer "a.org")
        (cl-letf (((symbol-function 'completing-read) (lambda (&rest _) (signal 'quit nil))))
          (should (eq 'quit (condition-case nil (explog-visit-goto "6") (quit 'quit))))
          (should-not (get-buffer "a.org")))))))

(ert-deftest explog-visit-test-several-default ()
  "RET takes the first of several, and first is the log that one is in."
  (explog-test-in-folder
    (explog-test-write "a.org" "* [5] Five of a :exp:\n* [6] Six :exp:\n* [6] Sixth :exp:\n")
    (explog-test-write "b.org" "* [5] Five of b :exp:\n")
    (explog-visit-tests--in "*scratch*"
      ;; What an empty answer gives is the default, or else an empty string.
      (cl-letf (((symbol-function 'completing-read)
                 (lambda (_prompt _choices &optional _predicate _match _initial _history default
                                  &rest _)
                   (or default ""))))
        (explog-visit-goto "5")
        (should (equal "* [5] Five of a :exp:" (explog-visit-tests--line)))
        (explog-visit-goto "6")
        (should (equal "* [6] Six :exp:" (explog-visit-tests--line)))
        (find-file "b.org")
        (explog-visit-goto "5")
        (should (equal "* [5] Five of b :exp:" (explog-visit-tests--line)))))))

(ert-deftest explog-visit-test-no-org ()
  "A step is found in an archive that Emacs does not take for a file of org."
  (explog-test-in-folder
    (explog-test-write "a.org" "* [5] Five :exp:\n")
    (explog-test-write "a.org_archive" explog-test-log)
    (explog-visit-tests--in "*scratch*"
      (explog-visit-goto "201" "2")
      (should-not (derived-mode-p 'org-mode))
      (should (equal "2. [ ] Test XYZ with ABC" (explog-visit-tests--line))))))

(ert-deftest explog-visit-test-other-window ()
  "It can be shown in another window."
  (explog-test-in-folder
    (explog-test-write "a.org" explog-test-log)
    (explog-visit-tests--in "*scratch*"
      (delete-other-windows)
      (explog-visit-goto "201" nil t)
      (should (equal "a.org" (buffer-name)))
      (should (= 2 (length (window-list)))))))

(ert-deftest explog-visit-test-names ()
  "A name is an id, a step or a reference; other words are searched for."
  (explog-test-in-folder
    (explog-test-write "a.org" explog-test-log)
    (explog-visit-tests--in "*scratch*"
      (let (searched)
        (cl-letf (((symbol-function 'explog-search-for) (lambda (query) (setq searched query))))
          (dolist (case '(("201" "* TODO [201]") ("201.2" "2. [ ]") ("[e201.1]" "1. [ ]")
                          ("e202" "* DONE [202]")))
            (explog-visit (car case))
            (should (string-prefix-p (cadr case) (explog-visit-tests--line))))
          (should-not searched)
          (should-error (explog-visit "[e999]") :type 'user-error)
          (dolist (words '("deeper model" "999" "83d45cd" "201 x"))
            (explog-visit words)
            (should (equal words searched))))))))

(provide 'explog-visit-tests)
;;; explog-visit-tests.el ends here
