;;; explog-imenu-tests.el --- Tests for explog-imenu.el  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Code:

(require 'explog-test)
(require 'explog-imenu)
(require 'imenu)

(defmacro explog-imenu-tests--with-advice (&rest body)
  "Do BODY as with `explog-mode' on, but without a server."
  (declare (indent 0) (debug t))
  `(unwind-protect
       (progn (advice-add 'org-imenu-get-tree :around #'explog-imenu-around)
              ,@body)
     (advice-remove 'org-imenu-get-tree #'explog-imenu-around)
     (explog-imenu-forget)))

(defun explog-imenu-tests--names (item)
  "Return the names of ITEM and of what is in it."
  (if (imenu--subalist-p item)
      (cons (car item) (mapcar #'explog-imenu-tests--names (cdr item)))
    (car item)))

(defun explog-imenu-tests--choose (&rest names)
  "Go where imenu goes for NAMES, from menu to submenu."
  (let ((item (cons nil (imenu--make-index-alist t))))
    (dolist (name names)
      (setq item (assoc name (cdr item))))
    (imenu item)))

(ert-deftest explog-imenu-test-index ()
  "A log has its experiments behind what org lists, another file has not."
  (explog-test-with-log explog-test-log
    (let ((without (org-imenu-get-tree)))
      (explog-imenu-tests--with-advice
        (let ((with (org-imenu-get-tree)))
          (should (equal (mapcar #'explog-imenu-tests--names without)
                         (mapcar #'explog-imenu-tests--names (butlast with))))
          (should (equal (explog-imenu-tests--names (car (last with)))
                         '("Experiments"
                           ("[201] ABC in XYZ model" "Heading"
                            "1 Test XYZ without ABC" "2 Test XYZ with ABC")
                           ("[202] DEF in XYZ model" "Heading"
                            "1 Test DEF (83d45cd)")))))
        (let ((explog-logs nil))
          (should (equal (mapcar #'explog-imenu-tests--names without)
                         (mapcar #'explog-imenu-tests--names (org-imenu-get-tree)))))))))

(ert-deftest explog-imenu-test-goto ()
  "It leads to the place, also after a change, and in a narrowed buffer."
  (explog-test-with-log explog-test-log
    (explog-imenu-tests--with-advice
      (save-window-excursion
        (switch-to-buffer (current-buffer))
        (org-overview)
        (explog-imenu-tests--choose "Experiments" "[201] ABC in XYZ model"
                                    "2 Test XYZ with ABC")
        (should (looking-at-p "2\\. \\[ \\] Test XYZ with ABC"))
        (should-not (invisible-p (point)))
        (let ((step (assoc "1 Test DEF (83d45cd)"
                           (assoc "[202] DEF in XYZ model" (cdr (car (last imenu--index-alist)))))))
          (goto-char (point-min))
          (insert "# many\n# more\n# lines\n")
          (org-narrow-to-element)
          (imenu step)
          (should (looking-at-p "1\\. \\[X\\] Test DEF")))
        (explog-imenu-tests--choose "Experiments" "[202] DEF in XYZ model" "Heading")
        (should (looking-at-p "\\* DONE \\[202\\]"))))))

(ert-deftest explog-imenu-test-lazy ()
  "The index is made once for each text, and never by visiting the log."
  (explog-test-with-log explog-test-log
    (explog-imenu-tests--with-advice
      (let ((made 0))
        (cl-letf* ((make (symbol-function 'explog-imenu--make))
                   ((symbol-function 'explog-imenu--make)
                    (lambda () (setq made (1+ made)) (funcall make))))
          (revert-buffer t t t)
          (should (= made 0))
          (org-imenu-get-tree)
          (org-imenu-get-tree)
          (should (= made 1))
          (goto-char (point-max))
          (insert "* [7] Seven :exp:\n")
          (should (equal "[7] Seven" (car (car (last (car (last (org-imenu-get-tree))))))))
          (should (= made 2)))))))

(ert-deftest explog-imenu-test-off ()
  "When `explog-mode' goes, so does the index with experiments."
  (explog-test-with-log explog-test-log
    (explog-imenu-tests--with-advice
      (imenu--make-index-alist t)
      (should (assoc "Experiments" imenu--index-alist))
      (should (memq #'explog-imenu-forget explog-mode-off-hook)))
    (should-not (memq #'explog-imenu-forget explog-mode-off-hook))
    (should-not imenu--index-alist)
    (should-not (assoc "Experiments" (imenu--make-index-alist t)))))

(provide 'explog-imenu-tests)
;;; explog-imenu-tests.el ends here
