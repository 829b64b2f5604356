;;; explog-agenda-tests.el --- Tests of the agenda commands  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The agenda commands are called by the keys that a user presses, and
;; show what a plain reading of the headings says.

;;; Code:

(require 'explog-test)
(require 'explog-agenda)
(require 'org-agenda)

(defmacro explog-agenda-tests--in-folder (&rest body)
  "Do BODY in a folder of its own, with keys for the agenda and no commands."
  (declare (indent 0) (debug t))
  `(explog-test-in-folder
     (let ((org-agenda-custom-commands nil)
           (org-agenda-files nil)
           (org-agenda-sticky nil)
           (org-agenda-window-setup 'current-window)
           (explog-said nil))
       (explog-test-with-key "C-c a" #'org-agenda #'explog-agenda-around
         ,@body))))

(defun explog-agenda-tests--press (keys)
  "Press KEYS, and return what was said."
  (explog-test-messages (execute-kbd-macro (kbd keys))))

(defun explog-agenda-tests--shown ()
  "Return the ids of the experiments in the agenda buffer, sorted, each (FILE . ID)."
  (let (shown)
    (save-excursion
      (goto-char (point-min))
      (while (not (eobp))
        (when-let ((marker (org-get-at-bol 'org-marker)))
          (push (with-current-buffer (marker-buffer marker)
                  (org-with-wide-buffer
                    (goto-char marker)
                    (cons (file-name-nondirectory buffer-file-name)
                          (or (explog-heading-id) (buffer-substring (point) (line-end-position))))))
                shown))
        (forward-line)))
    (explog-agenda-tests--sort shown)))

(defun explog-agenda-tests--sort (ids)
  "Return IDS, a list of (FILE . ID), sorted."
  (sort ids (lambda (one other)
              (string< (format "%s %s" (car one) (cdr one))
                       (format "%s %s" (car other) (cdr other))))))

(defun explog-agenda-tests--show (keys)
  "Press KEYS after C-c a, and return what is shown."
  (explog-agenda-tests--press (concat "C-c a " keys))
  (should (derived-mode-p 'org-agenda-mode))
  (explog-agenda-tests--shown))

;;;; Garbage

(ert-deftest explog-agenda-test-garbage-waits-until-it-is-displayed ()
  "Nothing is collected while an agenda is made, and all settings are as before."
  (explog-agenda-tests--in-folder
    (explog-test-write "log.org" (mapconcat (lambda (n) (format "* TODO [%d] T :exp:\n" n))
                                            (number-sequence 1 30) ""))
    (let ((display (symbol-function 'explog-agenda--display))
          (make (symbol-function 'explog-agenda-view))
          (gc-cons-threshold 800000)
          began displayed)
      (cl-letf (((symbol-function 'explog-agenda-view)
                 (lambda (match)
                   (garbage-collect)
                   (setq began gcs-done)
                   (funcall make match)
                   (make-list 100000 nil)))
                ((symbol-function 'explog-agenda--display)
                 (lambda () (setq displayed gcs-done) (funcall display))))
        (should (= 30 (length (explog-agenda-tests--show "ca"))))
        (should (equal began displayed))
        (should (= 800000 gc-cons-threshold))
        ;; Again, and by itself, it is bound for as long as it is made.
        (setq displayed nil)
        (org-agenda-redo)
        (explog-agenda-view nil)
        (should-not displayed)
        (should (= 800000 gc-cons-threshold)))
      ;; Other agendas go as ever.
      (explog-agenda-around (lambda () (should (= 800000 gc-cons-threshold)))))))

;;;; The right set

(defconst explog-agenda-tests--keywords '("TODO" "INPROGRESS" "WAIT" "DONE" "CANCELED" nil)
  "Keywords of generated headings.")

(defun explog-agenda-tests--any (&rest choices)
  "Return one of CHOICES."
  (nth (random (length choices)) choices))

(defun explog-agenda-tests--generate (name first)
  "Write a log NAME of random headings with ids from FIRST on.
Return a list ((FILE . ID) KEYWORD) of the experiments in it that an
agenda shows."
  (let* ((filetag (explog-agenda-tests--any "" "" "exp" "work"))
         (above (list (list 0 (equal filetag "exp") nil))) ; (LEVEL TAGGED HIDDEN)
         (text (format "#+FILETAGS: %s\n#+TODO: TODO INPROGRESS WAIT | DONE CANCELED\n" filetag))
         shown)
    (dotimes (n 60)
      (let* ((id (number-to-string (+ first n)))
             (level (1+ (random (min 4 (1+ (caar above))))))
             (keyword (apply #'explog-agenda-tests--any explog-agenda-tests--keywords))
             (form (explog-agenda-tests--any 'brackets 'angles 'custom 'property nil nil))
             (tag (explog-agenda-tests--any "exp" "exp_a" "work" "exp_b:x" "expert" nil nil nil
                                            "ARCHIVE" "exp:ARCHIVE"))
             (comment (eql 0 (random 15))))
        (while (>= (caar above) level)
          (pop above))
        (let ((tagged (or (nth 1 (car above))
                          (and tag (string-match-p "\\`exp\\(?:_[ab]\\)?\\(?::\\|\\'\\)" tag))))
              (hidden (or (nth 2 (car above)) comment
                          (and tag (string-suffix-p "ARCHIVE" tag)))))
          (push (list level tagged hidden) above)
          (when (and tagged form (not hidden))
            (push (list (cons name id) keyword) shown)))
        (setq text
              (concat text (make-string level ?*) " "
                      (and keyword (concat keyword " ")) (and comment "COMMENT ")
                      (pcase form ('brackets (format "[%s] " id)) ('angles (format "<<%s>> " id)))
                      "Title" (explog-agenda-tests--any "" " [1/2]" " x[3]")
                      (and tag (format "  :%s:" tag)) "\n"
                      (explog-agenda-tests--any "" "  SCHEDULED: <2024-01-02 Tue>\n")
                      (pcase form
                        ('custom (format ":PROPERTIES:\n:CUSTOM_ID: %s\n:END:\n" id))
                        ('property (format ":properties:\n:id: %s\n:end:\n" id)))
                      (explog-agenda-tests--any "" "- prose [99]\n1. [ ] step\n")))))
    (explog-test-write name text)
    shown))

(ert-deftest explog-agenda-test-generated ()
  "On random logs each command shows what the headings say."
  (random "explog")
  (dotimes (_ 3)
    (explog-agenda-tests--in-folder
      (let ((all (append (explog-agenda-tests--generate "a.org" 100)
                         (explog-agenda-tests--generate "b.org" 500))))
        (should (> (length all) 10))
        (pcase-dolist (`(,keys . ,keywords)
                       '(("c i" "INPROGRESS") ("c t" "TODO" "WAIT") ("c d" "DONE")
                         ("c a" . all)))
          (should (equal (explog-agenda-tests--show keys)
                         (explog-agenda-tests--sort
                          (mapcar #'car (seq-filter (lambda (one)
                                                      (or (eq keywords 'all)
                                                          (member (nth 1 one) keywords)))
                                                    all))))))))))

(ert-deftest explog-agenda-test-users-org-options ()
  "Options by which org hides things do not hide experiments."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "* Vision :exp:\n** TODO [1] A\nSCHEDULED: <2099-01-02 Fri>\n*** TODO [2] B\n")
    (let ((org-use-tag-inheritance nil)
          (org-tags-match-list-sublevels nil)
          (org-agenda-todo-ignore-scheduled 'all)
          (org-agenda-tags-todo-honor-ignore-options t)
          (org-agenda-skip-function-global (lambda () (point-max)))
          (org-enforce-todo-dependencies t)
          (org-agenda-dim-blocked-tasks 'invisible))
      (setq org-agenda-skip-function-global nil)
      (should (equal (explog-agenda-tests--show "c t") '(("a.org" . "1") ("a.org" . "2"))))
      (should (equal (explog-agenda-tests--show "c a") '(("a.org" . "1") ("a.org" . "2")))))))

(ert-deftest explog-agenda-test-keywords-of-the-file ()
  "A log's own keywords count, and the commands are an option."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "#+TODO: IDEA | ENOUGH\n* IDEA [1] A :exp:\n* ENOUGH [2] B :exp:\n* TODO [3] C :exp:\n")
    (explog-test-write "b.org" "* TODO [4] D :exp:\n* IDEA [5] E :exp:\n")
    (let ((explog-agenda-commands '(("x" "Ideas" ("IDEA" "ENOUGH")))))
      (should (equal (explog-agenda-tests--show "c x") '(("a.org" . "1") ("a.org" . "2")))))
    (should (equal (explog-agenda-tests--show "c t") '(("b.org" . "4"))))))

;;;; Files

(ert-deftest explog-agenda-test-files ()
  "A log that is missing, unreadable or a folder is left out, without a question."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "* [1] A :exp:\n")
    (make-directory "d.org")
    (let ((explog-logs (append (mapcar #'expand-file-name '("none.org" "." "none/" "n*.org"))
                               '("/ssh:explog.invalid:/a.org"))))
      (should (equal (explog-agenda-tests--show "c a") '(("a.org" . "1"))))
      (should (equal org-agenda-files nil)))
    (dolist (none '(nil ("/nowhere/none.org")))
      (let ((explog-logs none))
        (should-not (explog-agenda-tests--show "c a"))))))

(ert-deftest explog-agenda-test-own-files-stay ()
  "Other commands see the user's own files."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "* [1] A :exp:\n")
    (let ((org-agenda-files (list (explog-test-write "x/mine.org" "* TODO [2] B :exp:\n"))))
      (explog-agenda-tests--show "c a")
      (should (equal (explog-agenda-tests--show "t") '(("mine.org" . "2"))))
      (should (equal (explog-agenda-tests--show "c a") '(("a.org" . "1")))))))

(ert-deftest explog-agenda-test-unsaved ()
  "What a buffer holds is shown, saved or not, narrowed or not."
  (explog-agenda-tests--in-folder
    (with-current-buffer (find-file-noselect (explog-test-write "a.org" "* [1] A :exp:\n"))
      (goto-char (point-max))
      (insert "* [2] B :exp:\n")
      (narrow-to-region 1 3))
    (should (equal (explog-agenda-tests--show "c a") '(("a.org" . "1") ("a.org" . "2"))))))

;;;; What an agenda buffer can do

(ert-deftest explog-agenda-test-redo ()
  "`g' shows what is new, in sticky buffers too."
  (dolist (sticky '(nil t))
    (explog-agenda-tests--in-folder
      (let ((org-agenda-sticky sticky)
            (file (explog-test-write "a.org" "* DONE [1] A :exp:\n* [3] C :exp:\n* TODO no\n")))
        (should (equal (explog-agenda-tests--show "c d") '(("a.org" . "1"))))
        (let ((done (buffer-name)))
          (should (equal (explog-agenda-tests--show "c i") nil))
          (should (eq sticky (not (equal done (buffer-name)))))
          (should (equal (explog-agenda-tests--show "c d") '(("a.org" . "1"))))
          (with-current-buffer (get-file-buffer file)
            (goto-char (point-max))
            (insert "* DONE [2] B :exp:\n* DONE no\n"))
          (explog-agenda-tests--press "g")
          (should (equal (explog-agenda-tests--shown) '(("a.org" . "1") ("a.org" . "2"))))
          ;; What was set for the command is not set for good.
          (should-not org-agenda-files))))))

(ert-deftest explog-agenda-test-keys-in-the-buffer ()
  "RET visits, t changes the keyword, m marks."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "* TODO [1] A :exp:\n* TODO [2] B :exp:\n")
    (explog-agenda-tests--show "c t")
    (explog-test-goto "[2]")
    (explog-agenda-tests--press "m")
    (should (= 1 (length org-agenda-bulk-marked-entries)))
    (explog-test-goto "[2]")
    (explog-agenda-tests--press "t")
    (with-current-buffer "a.org"
      (should (string-search "* DONE [2] B" (buffer-string))))
    (explog-test-goto "[1]")
    (explog-agenda-tests--press "RET")
    (should (equal (buffer-name) "a.org"))
    (should (looking-at-p "\\* TODO \\[1\\]"))))

(ert-deftest explog-agenda-test-batch ()
  "The commands are there for programs too."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "* TODO [1] A :exp:\n")
    (org-agenda nil "ct")
    (should (equal (explog-agenda-tests--shown) '(("a.org" . "1"))))))

;;;; Beside the user's own

(defun explog-agenda-tests--keys ()
  "Return the keys of all commands, in order."
  (mapcar #'car (explog-agenda--all-commands)))

(ert-deftest explog-agenda-test-none ()
  "With no commands of the user's there are ours, and their prefix."
  (explog-agenda-tests--in-folder
    (should (equal (explog-agenda-tests--keys) '("c" "ci" "ct" "ca" "cd")))
    (should-not org-agenda-custom-commands)))

(ert-deftest explog-agenda-test-users-prefix ()
  "The user's commands under the same prefix are kept, those of ours that fit added."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "* INPROGRESS [1] A :exp:\n* DONE [2] B :exp:\n")
    (let ((mine '(("c" . "My custom queries") ("ci" "Mine" tags "foo") ("cx" agenda ""))))
      (setq org-agenda-custom-commands mine)
      (should (equal (explog-test-messages
                       (should (equal (explog-agenda-tests--keys)
                                      '("c" "ci" "cx" "ct" "ca" "cd")))
                       (explog-agenda-tests--keys))
                     "explog: the agenda keys ci are taken; those commands are yours"))
      (should (equal (assoc "ci" (explog-agenda--all-commands)) (nth 1 mine)))
      (should (equal (explog-agenda-tests--show "c d") '(("a.org" . "2"))))
      (should (equal org-agenda-custom-commands mine)))))

(ert-deftest explog-agenda-test-users-command ()
  "Where the prefix is a command of the user's, all is left alone, said once."
  (dolist (command '(("c" "Mine" tags "foo") ("c" tags "foo") ("c" agenda "")
                     ("c" "Mine" ((agenda "") (todo "TODO")))))
    (explog-agenda-tests--in-folder
      (setq org-agenda-custom-commands (list command))
      (should (equal (explog-test-messages
                       (should (equal (explog-agenda--all-commands) (list command)))
                       (explog-agenda--all-commands))
                     (format-message
                      "explog: the agenda key c is taken; see `explog-agenda-prefix'"))))))

(ert-deftest explog-agenda-test-report-key ()
  "There is a key for the report of the week if the user wants one, and it is free."
  (let ((org-agenda-custom-commands nil)
        (explog-said nil))
    (should-not (assoc "cw" (explog-agenda--all-commands)))
    (let ((explog-agenda-report-key "w"))
      (should (equal (cddr (assoc "cw" (explog-agenda--all-commands))) '(explog-report "week")))
      (let ((org-agenda-custom-commands '(("cw" "Mine" agenda ""))))
        (should (equal (seq-filter (lambda (command) (equal (car command) "cw"))
                                   (explog-agenda--all-commands))
                       org-agenda-custom-commands))))))

(ert-deftest explog-agenda-test-other-prefixes ()
  "The prefix may be another, a sequence, or none."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "* DONE [2] B :exp:\n")
    (let ((explog-agenda-prefix "X"))
      (should (equal (explog-agenda-tests--show "X d") '(("a.org" . "2")))))
    (let ((explog-agenda-prefix "xy"))
      (should (equal (explog-agenda-tests--keys) '("x" "xy" "xyi" "xyt" "xya" "xyd")))
      (should (equal (explog-agenda-tests--show "x y d") '(("a.org" . "2"))))
      (setq org-agenda-custom-commands '(("x" agenda "")))
      (should (equal (explog-agenda-tests--keys) '("x"))))
    (let ((explog-agenda-prefix nil))
      (should (equal (explog-agenda--all-commands) org-agenda-custom-commands)))
    (let ((explog-agenda-prefix ""))
      (setq org-agenda-custom-commands nil)
      (should (equal (explog-agenda-tests--keys) '("i" "t" "a" "d"))))))

(ert-deftest explog-agenda-test-set-later ()
  "Commands that the user sets while the mode is on do not drive ours out."
  (explog-agenda-tests--in-folder
    (explog-test-write "a.org" "* DONE [2] B :exp:\n")
    (explog-agenda-tests--show "c d")
    (setq org-agenda-custom-commands '(("n" "Mine" tags "foo")))
    (should (equal (explog-agenda-tests--show "c d") '(("a.org" . "2"))))
    (should (equal org-agenda-custom-commands '(("n" "Mine" tags "foo"))))))

(ert-deftest explog-agenda-test-saved-by-customize ()
  "Our commands are not taken for the user's, if customize has saved them."
  (explog-agenda-tests--in-folder
    (setq org-agenda-custom-commands (explog-agenda--all-commands))
    (should (equal (explog-agenda--all-commands) org-agenda-custom-commands))
    (should-not explog-said)))

(ert-deftest explog-agenda-test-without-the-mode ()
  "Without `explog-mode' there are no commands of ours."
  (explog-agenda-tests--in-folder
    (advice-remove 'org-agenda #'explog-agenda-around)
    (should (string-match-p "invalid\\|Invalid"
                            (explog-test-messages (org-agenda nil "cd"))))))

(provide 'explog-agenda-tests)
;;; explog-agenda-tests.el ends here
